"""Ceph: the owners of buckets that Rook grants, and their visitors."""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner
from support.cluster import lowered, objects
from support.paths import SCENARIOS

from compiler.cli import platformc
from compiler.components import ceph
from compiler.model import Manifest

SPEC = str(SCENARIOS / "ceph" / "platform.yaml")


def claims() -> dict[str, Manifest]:
    actual = [
        manifest for manifest in objects("ceph", "prod") if manifest["kind"] == "ObjectBucketClaim"
    ]
    return {manifest["spec"]["bucketName"]: manifest for manifest in actual}


def place(manifest: Manifest) -> tuple[str, str]:
    return manifest["metadata"]["namespace"], manifest["metadata"]["name"]


def test_a_bucket_is_claimed_where_its_owner_reads_the_key() -> None:
    assert {bucket: place(manifest) for bucket, manifest in claims().items()} == {
        "mlflow": ("mlops", "mlflow-artifacts"),
        "lakefs": ("versions", "lakefs-store"),
        "argo-workflows": ("rook-ceph", "ceph-argo-workflows"),  # its key is in two namespaces
        "sweep": ("rook-ceph", "ceph-sweep"),  # a workload's, which has another's bucket too
    }


def test_the_claims_class_retains_and_the_names_are_fixed() -> None:
    (kind,) = [
        manifest for manifest in objects("ceph", "prod") if manifest["kind"] == "StorageClass"
    ]
    assert kind["reclaimPolicy"] == "Retain"
    assert all(claim["spec"]["storageClassName"] == kind["metadata"]["name"]
               and "generateBucketName" not in claim["spec"] for claim in claims().values())  # fmt: skip


def test_the_owner_reads_the_secret_and_the_config_map_of_its_claim() -> None:
    (server,) = [manifest for manifest in objects("ceph", "prod")
                 if (manifest["kind"], manifest["metadata"]["name"]) == ("Deployment", "mlflow")]  # fmt: skip
    (container,) = server["spec"]["template"]["spec"]["containers"]
    env = {variable["name"]: variable.get("valueFrom") for variable in container["env"]}
    assert env["AWS_ACCESS_KEY_ID"] == {
        "secretKeyRef": {"name": "mlflow-artifacts", "key": "AWS_ACCESS_KEY_ID"}
    }
    assert env["BUCKET_NAME"] == {
        "configMapKeyRef": {"name": "mlflow-artifacts", "key": "BUCKET_NAME"}
    }


def users(bucket: str) -> dict[str, set[str]]:
    """The users and actions of a bucket's policy."""
    text = claims()[bucket]["spec"].get("additionalConfig", {}).get("bucketPolicy", "{}")
    actual: dict[str, set[str]] = {}
    for statement in json.loads(text).get("Statement", ()):
        for arn in statement["Principal"]["AWS"]:
            actual.setdefault(arn.rpartition("/")[2], set()).update(statement["Action"])
    return actual


def test_visitors_are_let_in_and_owners_need_no_leave() -> None:
    assert users("lakefs") == {}
    assert set(users("mlflow")) == {
        "churn-training-s3", "mlflow-smoke-s3", "models-mlops-store", "sweep-s3",
    }  # fmt: skip
    assert "s3:PutObject" in users("mlflow")["sweep-s3"]
    assert "s3:PutObject" not in users("mlflow")["models-mlops-store"]
    assert set(users("sweep")) == {"sweep-s3"}


def test_every_visitor_is_a_user_with_the_key_of_its_secret_and_no_owner_is() -> None:
    users = [
        manifest
        for manifest in objects("ceph", "prod")
        if manifest["kind"] == "CephObjectStoreUser"
    ]
    assert {manifest["metadata"]["name"] for manifest in users} == {
        "argo-workflows-artifacts", "churn-training-s3", "mlflow-smoke-s3", "models-mlops-store",
        "sweep-s3",
    }  # fmt: skip
    credential_names = {credential.name for credential in lowered("ceph", "prod").credentials}
    assert {manifest["metadata"]["name"] for manifest in users} <= credential_names
    assert credential_names.isdisjoint({"mlflow-artifacts", "lakefs-store"})


def test_the_operator_must_be_told_to_take_policies() -> None:
    graph = lowered("ceph", "prod").graph
    prerequisite = ceph.prerequisites(graph.instances["ceph"], graph.wiring("ceph"))
    assert prerequisite is not None
    (config,) = prerequisite.objects
    allowed = config["data"]["ROOK_OBC_ALLOW_ADDITIONAL_CONFIG_FIELDS"].split(",")
    used: set[str] = {key for claim in claims().values()
                      for key in claim["spec"].get("additionalConfig", ())}  # fmt: skip
    assert used <= set(allowed)


def secrets(*words: str) -> Any:
    return CliRunner().invoke(platformc, ["secrets", *words, "-f", SPEC])


def test_what_rook_makes_is_listed_and_never_made_or_changed_here() -> None:
    rows = json.loads(secrets("list", "prod", "--format", "json").stdout)["secrets"]
    makers = {row["name"]: row["maker"] for row in rows}
    assert makers["mlflow-artifacts"] == "Rook"
    assert makers["churn-training-s3"] == "secrets generate"
    refused = secrets("rotate", "prod", "mlflow-artifacts")
    assert refused.exit_code == 2
    assert "made by Rook" in refused.stderr
