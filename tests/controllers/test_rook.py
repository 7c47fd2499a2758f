"""The demands of Rook's operator on our objects, from its source: rook/rook v1.20.6.

1.18.2 runs in tests/live/test_rook.py; 1.20.6 never ran here. pkg/apis/ceph.rook.io/v1/object.go (`ValidateObjectSpec`), pkg/operator/ceph/object:
user/controller.go (`validateUser`, `generateUserKeySpec`), bucket/util.go (`additionalConfigSpecFromMap`),
bucket/provisioner.go, objectstore.go (`GetObjectBucketProvisioner`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from support.cluster import environments, lowered, objects
from support.diagnosing import HEADER, compiled

from compiler.components import ceph
from compiler.upstream.prerequisites import prerequisites

LONGEST_NAME = 38  # objectStoreNameMaxLen
CEPH = [(scenario, environment) for scenario, environment in environments()
        if any(instance.type == "ceph" for instance in lowered(scenario, environment).platform.instances.values())]  # fmt: skip


def kinds(scenario: str, environment: str, kind: str) -> list[dict[str, Any]]:
    return [each for each in objects(scenario, environment) if each["kind"] == kind]


def operator_settings(scenario: str, environment: str) -> Mapping[str, str]:
    """The operator's ConfigMap; its keys are settings."""
    (data,) = [
        manifest["data"]
        for prerequisite in prerequisites(lowered(scenario, environment).graph)
        for manifest in prerequisite.objects
        if manifest["metadata"]["name"] == "rook-ceph-operator-config"
    ]
    return dict(data)


def store_refusals(store: dict[str, Any]) -> list[str]:
    """`ValidateObjectSpec`, as far as the compiler writes the fields."""
    gateway, name = store["spec"]["gateway"], store["metadata"]["name"]
    ports = gateway.get("port", 0), gateway.get("securePort", 0)
    reasons = []
    if len(name) > LONGEST_NAME:
        reasons.append("object store name cannot be longer than 38 characters")
    if not any(ports) or not all(0 <= port <= 65535 for port in ports):
        reasons.append("either of port or securePort fields should be not be zero")
    if ports[1] and not gateway.get("sslCertificateRef"):
        reasons.append("IsTLSEnabled: a secure port needs a certificate")
    return reasons


@pytest.mark.parametrize(("scenario", "environment"), CEPH)
def test_the_operator_takes_every_store(scenario: str, environment: str) -> None:
    for store in kinds(scenario, environment, "CephObjectStore"):
        assert store_refusals(store) == []


def test_a_name_that_the_operator_refuses_is_refused_here() -> None:
    def names(length: int, options: str = "") -> list[str]:
        name = "c" * length
        spec = f"spec:\n  components: {{{name}: {{type: ceph{options}}}, mlflow: {{}}, postgres: {{}}}}\n"
        return [error.code for error in compiled((HEADER + spec).encode()).report.errors]

    assert names(LONGEST_NAME) == []
    assert names(LONGEST_NAME + 1) == ["invalid-name"]
    assert names(LONGEST_NAME + 1, ", store: exists") == []
    assert ceph.LONGEST_NAME == LONGEST_NAME


@pytest.mark.parametrize(("scenario", "environment"), CEPH)
def test_the_keys_of_a_user_are_in_a_secret_of_its_namespace(
    scenario: str, environment: str
) -> None:
    """`getSecretValue` looks in the user's namespace, and wants both keys."""
    secrets = {
        (credential.name, space): set(credential.keys)
        for credential in lowered(scenario, environment).credentials
        for space in credential.namespaces
    }
    for user in kinds(scenario, environment, "CephObjectStoreUser"):
        assert user["spec"]["store"]
        for key in user["spec"]["keys"]:
            for reference in (key["accessKeyRef"], key["secretKeyRef"]):
                assert reference["key"] in secrets[reference["name"], user["metadata"]["namespace"]]


@pytest.mark.parametrize(("scenario", "environment"), CEPH)
def test_the_operator_allows_what_a_claim_configures(scenario: str, environment: str) -> None:
    settings = operator_settings(scenario, environment)
    allowed = set(settings["ROOK_OBC_ALLOW_ADDITIONAL_CONFIG_FIELDS"].split(","))
    for claim in kinds(scenario, environment, "ObjectBucketClaim"):
        assert set(claim["spec"].get("additionalConfig", {})) <= allowed


@pytest.mark.parametrize(("scenario", "environment"), CEPH)
def test_the_operator_watches_the_class_of_the_claims(scenario: str, environment: str) -> None:
    """The provisioner has the operator's namespace in its name if a setting asks for it, and a prefix if one is set."""
    settings = operator_settings(scenario, environment)
    assert settings["ROOK_OBC_WATCH_OPERATOR_NAMESPACE"] == "true"
    assert "ROOK_OBC_PROVISIONER_NAME_PREFIX" not in settings
    classes = {
        each["metadata"]["name"]: each for each in kinds(scenario, environment, "StorageClass")
    }
    for claim in kinds(scenario, environment, "ObjectBucketClaim"):
        kind = classes[claim["spec"]["storageClassName"]]
        namespace = kind["parameters"]["objectStoreNamespace"]
        assert kind["provisioner"] == f"{namespace}.ceph.rook.io/bucket"
        assert (
            "bucketName" not in kind["parameters"]
        )  # it would be one that exists (`isStaticBucket`)


@pytest.mark.parametrize(("scenario", "environment"), CEPH)
def test_policies_name_users_that_the_operator_makes(scenario: str, environment: str) -> None:
    """policy.go, `ForPrincipals`: the user's ID, which is the name of its object (`generateUserConfig`)."""
    users = {
        each["metadata"]["name"] for each in kinds(scenario, environment, "CephObjectStoreUser")
    }
    for claim in kinds(scenario, environment, "ObjectBucketClaim"):
        policy = json.loads(claim["spec"]["additionalConfig"]["bucketPolicy"])
        for statement in policy["Statement"]:
            for principal in statement["Principal"]["AWS"]:
                prefix, _, user = principal.rpartition("/")
                assert (prefix, user in users) == ("arn:aws:iam:::user", True)
