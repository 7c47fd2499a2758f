"""Ceph: buckets that Rook makes, and their users."""

from __future__ import annotations

import json
import re

import pytest
from support.cluster import lowered, objects
from support.diagnosing import HEADER, compiled

from compiler.components import ceph
from compiler.model import Manifest


def claims() -> dict[str, Manifest]:
    actual = [
        manifest for manifest in objects("ceph", "prod") if manifest["kind"] == "ObjectBucketClaim"
    ]
    return {manifest["spec"]["bucketName"]: manifest for manifest in actual}


def test_buckets_are_claimed_next_to_the_store_and_nobody_reads_their_owners_keys() -> None:
    assert {bucket: manifest["metadata"]["name"] for bucket, manifest in claims().items()} == {
        name: f"ceph-{name}" for name in ("mlflow", "lakefs", "argo-workflows", "sweep")
    }
    assert {manifest["metadata"]["namespace"] for manifest in claims().values()} == {"rook-ceph"}
    credentials = {credential.name for credential in lowered("ceph", "prod").credentials}
    assert credentials.isdisjoint(manifest["metadata"]["name"] for manifest in claims().values())


def test_the_claims_class_retains_and_the_names_are_fixed() -> None:
    (kind,) = [
        manifest for manifest in objects("ceph", "prod") if manifest["kind"] == "StorageClass"
    ]
    assert kind["reclaimPolicy"] == "Retain"
    assert all(claim["spec"]["storageClassName"] == kind["metadata"]["name"]
               and "generateBucketName" not in claim["spec"] for claim in claims().values())  # fmt: skip


def users(bucket: str) -> dict[str, set[str]]:
    """The users and actions of a bucket's policy."""
    text = claims()[bucket]["spec"].get("additionalConfig", {}).get("bucketPolicy", "{}")
    actual: dict[str, set[str]] = {}
    for statement in json.loads(text).get("Statement", ()):
        for arn in statement["Principal"]["AWS"]:
            actual.setdefault(arn.rpartition("/")[2], set()).update(statement["Action"])
    return actual


def test_a_buckets_policy_names_all_of_its_users() -> None:
    assert set(users("lakefs")) == {"lakefs-store"}
    assert set(users("mlflow")) == {
        "churn-training-s3", "mlflow-artifacts", "mlflow-smoke-s3", "models-mlops-store", "sweep-s3",
    }  # fmt: skip
    assert "s3:PutObject" in users("mlflow")["sweep-s3"]
    assert "s3:PutObject" not in users("mlflow")["models-mlops-store"]
    assert set(users("sweep")) == {"sweep-s3"}


def test_every_consumer_is_a_user_with_the_key_of_its_secret_and_creates_no_bucket() -> None:
    specs = {
        manifest["metadata"]["name"]: manifest["spec"]
        for manifest in objects("ceph", "prod")
        if manifest["kind"] == "CephObjectStoreUser"
    }
    assert set(specs) == {user for bucket in claims() for user in users(bucket)}
    assert {spec["quotas"]["maxBuckets"] for spec in specs.values()} == {-1}
    credentials = {credential.name for credential in lowered("ceph", "prod").credentials}
    assert set(specs) <= credentials


def test_the_operator_must_be_told_to_take_policies() -> None:
    graph = lowered("ceph", "prod").graph
    prerequisite = ceph.prerequisites(graph.instances["ceph"], graph.wiring("ceph"))
    assert prerequisite is not None
    (config,) = prerequisite.objects
    allowed = config["data"]["ROOK_OBC_ALLOW_ADDITIONAL_CONFIG_FIELDS"].split(",")
    used: set[str] = {key for claim in claims().values()
                      for key in claim["spec"].get("additionalConfig", ())}  # fmt: skip
    assert used <= set(allowed)


SECURE = {  # environments with TLS: the gateway's address, and the port of its pods
    "secure": ("rook-ceph-rgw-ceph.rook-ceph.svc.cluster.local", 443),
    "staging": ("rook-ceph-rgw-shared-store.ceph-staging.svc.cluster.local", 8443),
}


def of_kind(kind: str, environment: str) -> list[Manifest]:
    return [manifest for manifest in objects("ceph", environment) if manifest["kind"] == kind]


def test_a_gateway_with_a_certificate_has_no_listener_for_plain_http() -> None:
    (store,) = of_kind("CephObjectStore", "secure")
    (certificate,) = of_kind("Certificate", "secure")
    gateway = store["spec"]["gateway"]
    assert (gateway["securePort"], "port" in gateway) == (443, False)
    assert gateway["sslCertificateRef"] == certificate["spec"]["secretName"]
    assert certificate["metadata"]["namespace"] == store["metadata"]["namespace"]
    # Rook's operator calls the first name, and every client the second one.
    assert certificate["spec"]["dnsNames"] == [
        "rook-ceph-rgw-ceph.rook-ceph.svc", SECURE["secure"][0],
    ]  # fmt: skip


def test_the_certificate_of_a_store_that_exists_is_its_own_matter() -> None:
    assert of_kind("CephObjectStore", "staging") + of_kind("Certificate", "staging") == []


@pytest.mark.parametrize("environment", SECURE)
def test_every_client_asks_by_https_and_may_reach_that_port_alone(environment: str) -> None:
    host, port = SECURE[environment]
    text = json.dumps(objects("ceph", environment))
    addresses = re.findall(rf"(\w+://)?{re.escape(host)}(:\d+)?", text)
    assert {scheme for scheme, _ in addresses} <= {"https://", ""}
    clients = [(scheme, number) for scheme, number in addresses if number]
    assert len(clients) > 5
    assert {number for _, number in clients} == {f":{port}"}
    policies = [policy for policy in of_kind("NetworkPolicy", environment)
                if policy["metadata"]["name"] == "ceph-s3-clients"]  # fmt: skip
    opened = [rule["ports"] for policy in policies for rule in policy["spec"]["egress"]]
    assert opened == [[{"protocol": "TCP", "port": port}]] * 3


@pytest.mark.parametrize("environment", SECURE)
def test_every_client_trusts_the_authority_that_the_spec_names(environment: str) -> None:
    (artifacts,) = [config["data"] for config in of_kind("ConfigMap", environment)
                    if config["metadata"]["name"] == "artifact-repositories"]  # fmt: skip
    assert "insecure: false" in artifacts["argo-workflows"]
    assert "caSecret" in artifacts["argo-workflows"]
    for kind in ("Deployment", "CronJob"):
        for manifest in of_kind(kind, environment):
            text = json.dumps(manifest)
            assert ("AWS_CA_BUNDLE" in text) == (SECURE[environment][0] in text)


def test_a_secret_with_the_certificate_is_yours_to_make() -> None:
    spec = (
        "spec:\n  components:\n    ceph: {port: 8443, tls: "
        "{secret: store-tls}, ca: {configMap: acme-ca}}\n    postgres: {}\n    mlflow: {}\n"
    )
    compilation = compiled((HEADER + spec).encode())
    assert compilation.report.sorted() == []
    credential = next(
        credential
        for credential in compilation.lowered["default"].granted
        if credential.name == "store-tls"
    )
    assert (credential.type, credential.created_by) == ("kubernetes.io/tls", "you")
    assert credential.namespaces == ("rook-ceph",)
    assert set(credential.keys) == {"tls.crt", "tls.key"}


def test_cert_manager_is_a_prerequisite_of_an_issuer() -> None:
    for environment, needed in (("prod", False), ("secure", True)):
        graph = lowered("ceph", environment).graph
        prerequisite = ceph.prerequisites(graph.instances["ceph"], graph.wiring("ceph"))
        assert prerequisite is not None
        assert any("cert-manager" in system for system in prerequisite.also) == needed
