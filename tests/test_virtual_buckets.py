"""Stores that take buckets in host names: each client gets its own setting, or is refused."""

from __future__ import annotations

from typing import Any

import pytest
from support.cluster import objects, templates
from support.diagnosing import diagnosed

SCENARIO = ("virtual-buckets", "default")
HEAD = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: p}
spec:
  components:
    external-s3: {host: oss.example.com, addressing: virtual}
    postgres: {}
    redis: {}
    mysql: {}
"""


def variables(owner: str) -> dict[str, Any]:
    """The variables of the pods whose object has this name."""
    return {
        variable["name"]: variable.get("value")
        for pod in templates(*SCENARIO)
        if pod.owner["metadata"]["name"] == owner
        for container in pod.spec["containers"]
        for variable in container.get("env", ())
    }


def test_the_file_of_the_sdks_and_mlflow_say_the_style() -> None:
    (config,) = {
        manifest["data"]["etc-aws-config"]
        for manifest in objects(*SCENARIO)
        if manifest["kind"] == "ConfigMap" and "etc-aws-config" in manifest.get("data", {})
    }
    assert "addressing_style = virtual" in config
    for owner in ("mlflow", "train"):
        assert variables(owner)["MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE"] == "virtual"


def test_clients_with_a_switch_of_their_own_do_not_ask_for_paths() -> None:
    assert variables("lakefs")["LAKEFS_BLOCKSTORE_S3_FORCE_PATH_STYLE"] == "false"
    assert variables("postgres-backup")["RCLONE_CONFIG_COPIES_FORCE_PATH_STYLE"] == "false"


def test_the_mesh_knows_the_hosts_of_all_buckets() -> None:
    (entry,) = [manifest["spec"] for manifest in objects(*SCENARIO)
                if manifest["kind"] == "ServiceEntry"]  # fmt: skip
    assert entry["hosts"] == ["oss.example.com", "*.oss.example.com"]
    assert entry["resolution"] == "NONE"


@pytest.mark.parametrize(
    ("name", "section"),
    [
        ("argo-workflows", "{}"),
        ("kubeflow-pipelines", "{}\n    argo-workflows: {}"),
        ("feast", "{}"),
        ("cloudnative-pg", "{backup: {schedule: '0 2 * * *'}}"),
    ],
)
def test_clients_that_know_paths_alone_are_refused(name: str, section: str) -> None:
    findings = [
        finding
        for finding in diagnosed(f"{HEAD}    {name}: {section}\n".encode())
        if finding.message.startswith(f"`{name}` writes buckets into paths alone")
    ]
    assert [(finding.code, finding.path) for finding in findings] == [
        ("store-settings", ("spec", "components", "external-s3", "addressing"))
    ]


def test_a_bucket_with_a_dot_has_no_certificate() -> None:
    findings = diagnosed(f"{HEAD}    mlflow: {{bucket: team.runs}}\n".encode())
    (finding,) = [finding for finding in findings if finding.code == "store-settings"]
    assert "the bucket `team.runs`" in finding.message
