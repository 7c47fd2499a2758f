"""lakeFS' collector in the output: its rules, its keys, and a run in which a repository fails."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from support.paths import ROOT
from support.scenarios import compiled

from compiler.components.lakefs import gc
from compiler.model import Manifest

FOLDER = "base/lakefs/lakefs-gc"


def pod(scenario: str = "lakefs") -> Manifest:
    (job,) = [
        resource.manifest
        for resource in compiled(scenario).lowered["default"].packages["lakefs"].resources
        if resource.kind == "CronJob"
    ]
    template: Manifest = job["spec"]["jobTemplate"]["spec"]["template"]
    return template


def test_a_repositorys_rules_differ_from_the_platforms_where_it_says_so() -> None:
    tree = compiled("lakefs").tree()
    rules = {name: json.loads(tree[f"{FOLDER}/{name}.json"]) for name in ("datasets", "features")}
    assert rules == {
        "datasets": {"default_retention_days": 30, "branches": []},
        "features": {
            "default_retention_days": 90,
            "branches": [{"branch_id": "dev", "retention_days": 7}],
        },
    }


def test_every_key_that_spark_reads_is_a_variable_of_its_container() -> None:
    """Hadoop replaces `${env.NAME}` where it needs a value; Spark shows and logs the text."""
    properties = dict(
        line.split(" ", 1)
        for line in compiled("lakefs").tree()[f"{FOLDER}/spark.properties"].splitlines()
        if not line.startswith("#")
    )
    (container,) = pod()["spec"]["containers"]
    secrets = {
        variable["name"]: variable["valueFrom"]["secretKeyRef"]["name"]
        for variable in container["env"]
        if "valueFrom" in variable
    }
    keys = {
        name: secrets[value.removeprefix("${env.").removesuffix("}")]
        for name, value in properties.items()
        if "key" in name
    }
    assert keys == {
        "spark.hadoop.lakefs.api.access_key": "lakefs-admin",
        "spark.hadoop.lakefs.api.secret_key": "lakefs-admin",
        "spark.hadoop.fs.s3a.access.key": "lakefs-store",
        "spark.hadoop.fs.s3a.secret.key": "lakefs-store",
    }


def test_the_collector_reaches_lakefs_and_its_store_alone() -> None:
    labels = pod()["metadata"]["labels"]
    assert [label for label in labels if label.startswith("uses.")] == [
        "uses.platformc.dev/seaweedfs-s3"
    ]
    tree = compiled("lakefs").tree()
    (policy,) = [path for path in tree if path.endswith("networkpolicy-lakefs-gc-to-server.yaml")]
    assert "port: 8000" in tree[policy]


def test_a_repository_that_fails_stops_no_other_and_fails_the_run(tmp_path: Path) -> None:
    submit = tmp_path / "bin" / "spark-submit"
    submit.parent.mkdir()
    submit.write_text('#!/bin/sh\necho "$*"\ncase "$*" in *datasets*) exit 1 ;; esac\n')
    submit.chmod(0o755)
    run = subprocess.run(
        ["sh", "-c", compiled("lakefs").tree()[f"{FOLDER}/collect.sh"]],
        env={**os.environ, "SPARK_HOME": str(tmp_path)}, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (1, "not collected: datasets\n")
    assert "GarbageCollection /opt/lakefs/collector.jar features us-east-1\n" in run.stdout


def test_a_private_authority_reaches_java_by_a_store_of_its_own() -> None:
    tree = compiled("private-authority").tree()
    assert "/etc/platformc-ca/external-s3.crt" in tree[f"{FOLDER}/collect.sh"]
    assert "-Djavax.net.ssl.trustStore=/tmp/cacerts" in tree[f"{FOLDER}/spark.properties"]
    (container,) = pod("private-authority")["spec"]["containers"]
    assert "/etc/platformc-ca" in [mount["mountPath"] for mount in container["volumeMounts"]]


def test_the_live_tests_run_the_image_of_the_how_to() -> None:
    guide = (ROOT / "docs/how-to/lakefs-gc.md").read_text()
    dockerfile = guide.split("```dockerfile\n")[1].split("```")[0]
    assert dockerfile.endswith(f"assembly-0.22.0.jar {gc.COLLECTOR}\n")
    provision = (ROOT / "tests/live/provision.sh").read_text()
    for library in re.findall(r"-Dartifact=(\S+)", dockerfile):
        assert f" {library}" in provision, library
    (spark,) = re.findall(r"apache/spark:([0-9.]+)", dockerfile)
    assert (ROOT / "requirements/spark.in").read_text() == f"pyspark=={spark}\n"
    assert "<version>0.22.0</version>" in (ROOT / "tests/live/collector/pom.xml").read_text()
