"""MLflow's pods: the one that touches the schema, and when."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
from support.scenarios import compiled

from compiler.components.mlflow import hosts
from compiler.model import Manifest
from compiler.pipeline import compile as compile_spec


def pod(kind: str, scenario: str = "minimal") -> Manifest:
    (actual,) = [
        resource.manifest["spec"]["template"]["spec"]
        for resource in compiled(scenario).lowered["default"].packages["mlflow"].resources
        if resource.kind == kind
    ]
    assert isinstance(actual, dict)
    return actual


def test_a_server_starts_when_the_migration_is_through() -> None:
    (wait,) = pod("Deployment")["initContainers"]
    (server,) = pod("Deployment")["containers"]
    (migration,) = pod("Job")["containers"]
    assert wait["image"] == server["image"] == migration["image"]
    assert "_verify_schema" in wait["command"][2]
    assert "mlflow db upgrade" in migration["command"][2]
    database = "MLFLOW_BACKEND_STORE_URI"
    (database_values, served) = ([variable["value"] for variable in container["env"] if variable["name"] == database]
                      for container in (wait, server))  # fmt: skip
    assert database_values == served


SQLALCHEMY = """\
import pathlib, sys

class exc:
    class DBAPIError(Exception):
        orig = "connection to server failed: FATAL: too many connections\\n\\tIs it running?"

class Engine:
    def connect(self):
        marker = pathlib.Path(__file__).with_name("asked")
        if not marker.exists():
            marker.touch()
            raise exc.DBAPIError("(Background on this error at: https://sqlalche.me/e/20/e3q8)")

def create_engine(uri):
    return Engine()
"""


def test_a_migration_that_waits_says_the_reason(tmp_path: Path) -> None:
    """SQLAlchemy's message ends with an address of its manual; the driver's begins with the reason."""
    (migration,) = pod("Job")["containers"]
    (tmp_path / "sqlalchemy.py").write_text(SQLALCHEMY)
    for name, text in {"mlflow": 'echo "$*"', "python": f'exec "{sys.executable}" "$@"'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    env = {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHONPATH": str(tmp_path),
        "MLFLOW_BACKEND_STORE_URI": "postgresql://",
    }
    script = migration["command"][2].replace("sleep 5", ":")
    run = subprocess.run(["sh", "-c", script], env=env, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout) == (0, "db upgrade postgresql://\n")
    assert run.stderr == (
        "waiting for the database: connection to server failed: FATAL: too many connections\n"
    )


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("10.244.1.7:5000", True),  # as Prometheus asks a pod
        ("10.evil.example:5000", False),
        ("10.0.0.1.nip.io:5000", False),
        ("evil.example", False),
    ],
)
def test_no_name_matches_the_pattern_of_an_address(host: str, allowed: bool) -> None:
    """MLflow compares the Host header as a shell would (3.17.2, server/security_utils.py)."""
    instance = compiled("production").graphs["prod"].instances["mlflow"]
    patterns = hosts.allowed(instance, "mlflow.ml.example.internal")
    assert any(fnmatch(host, pattern) for pattern in patterns) is allowed


@pytest.mark.parametrize("artifacts", ["direct", "proxied"])
def test_deleted_runs_are_freed_with_the_servers_own_environment(artifacts: str) -> None:
    text = f"""apiVersion: platformc/v1alpha1
kind: Platform
metadata: {{name: gc}}
spec:
  components:
    seaweedfs: {{}}
    postgres: {{}}
    mlflow: {{artifacts: {artifacts}, smoke: false, gc: {{schedule: "0 4 * * 6", olderThan: 14d}}}}
"""
    result = compile_spec(text.encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    objects = {
        resource.id[1:]: resource.manifest
        for resource in result.lowered["default"].packages["mlflow"].resources
    }
    job = objects["CronJob", "mlops", "mlflow-gc"]
    assert job["spec"]["schedule"] == "0 4 * * 6"
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["command"][-1].endswith("--older-than 14d")
    server = objects["Deployment", "mlops", "mlflow"]["spec"]["template"]["spec"]["containers"][0]
    names = {variable["name"] for variable in container["env"]}
    assert {"MLFLOW_BACKEND_STORE_URI", "MLFLOW_S3_ENDPOINT_URL", "AWS_ACCESS_KEY_ID"} <= names
    assert names - {"MLFLOW_TRACKING_URI"} <= {variable["name"] for variable in server["env"]}
    assert ("MLFLOW_TRACKING_URI" in names) == (artifacts == "proxied")


def test_the_smoke_test_has_an_experiment_for_each_way_to_the_store() -> None:
    """An experiment keeps the address of its artefacts: after a change, a run in it could store none."""
    experiments: set[str] = set()
    for artifacts in ("direct", "proxied"):
        text = f"""apiVersion: platformc/v1alpha1
kind: Platform
metadata: {{name: smoke}}
spec: {{components: {{seaweedfs: {{}}, postgres: {{}}, mlflow: {{artifacts: {artifacts}}}}}}}
"""
        result = compile_spec(text.encode(), "platform.yaml")
        (job,) = [
            resource.manifest
            for resource in result.lowered["default"].packages["mlflow-smoke"].resources
            if resource.kind == "Job"
        ]
        (container,) = job["spec"]["template"]["spec"]["containers"]
        experiments |= set(re.findall(r'set_experiment\("(.*)"\)', container["command"][-1]))
    assert experiments == {"platformc-smoke", "platformc-smoke-proxied"}
