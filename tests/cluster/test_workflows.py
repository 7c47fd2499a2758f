"""Argo Workflows runs the objects compiled for it: a scheduled run that logs to MLflow, and a run that a
person wrote, under the settings of the platform."""

from __future__ import annotations

import json
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from cluster.node import Manifest, Node, free_port
from cluster.platforms import deliver
from cluster.pods import python

pytestmark = [pytest.mark.live, pytest.mark.cluster, pytest.mark.soak]

SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: workflows}
spec:
  components:
    seaweedfs: {storage: 2Gi}
    postgres: {storage: 1Gi}
    pgbouncer: {}
    mlflow: {smoke: false, workers: 1}
    argo-workflows: {}
  workloads:
    training:
      image: registry.example.internal/churn:1.4.0
      command: [python, train.py]
      schedule: "* * * * *"
      workflow: true
      uses: [mlflow]
"""
LIST = """\
import boto3, os
store = boto3.client("s3", endpoint_url=os.environ["ENDPOINT"], region_name="us-east-1")
for item in store.list_objects_v2(Bucket="argo-workflows").get("Contents", []):
    print(item["Key"])
"""
ARGO = "quay.io/argoproj/argocli:v4.0.5"
# The text of a person, without a word of the platform.
OWN: Manifest = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Workflow",
    "metadata": {"name": "own", "namespace": "mlops"},
    "spec": {
        "entrypoint": "main",
        "templates": [
            {
                "name": "main",
                "container": {
                    "image": ARGO,
                    "command": ["sh", "-c", "echo computed; echo 42 > /tmp/answer"],
                },
                "outputs": {"artifacts": [{"name": "answer", "path": "/tmp/answer"}]},
            }
        ],
    },
}


@pytest.fixture(scope="module")
def platform(node: Node, folder: Path) -> Node:
    deliver(node, folder, SPEC)
    return node


def test_a_scheduled_run_logs_to_mlflow(platform: Node) -> None:
    node = platform
    label = "workflows.argoproj.io/cron-workflow=training"
    node.until(lambda: bool(_succeeded(node, label)), "scheduled run that succeeded", 400)
    patch = '{"spec": {"suspend": true}}'
    node.kubectl("patch", "cronworkflow", "training", "-n", "mlops", "--type=merge", "-p", patch)
    logged = _rows(node, "mlflow", "select count(*) from runs where status = 'FINISHED'")
    assert int(logged[0]) >= 1
    run = _succeeded(node, label)[0]["metadata"]["name"]
    assert any(run in name and name.endswith("main.log") for name in _objects(node))
    archived = "select name from argo_archived_workflows where phase = 'Succeeded'"
    node.until(lambda: run in _rows(node, "argo_workflows", archived), "row in the archive", 60)


def test_a_run_of_ones_own_leaves_its_artefact(platform: Node) -> None:
    node = platform
    node.apply([OWN])
    node.until(lambda: _phase(node, "own") in ("Succeeded", "Failed", "Error"), "end of own", 240)
    workflow = node.get("workflow", "own", "-n", "mlops")
    assert workflow["status"]["phase"] == "Succeeded", workflow["status"]
    names = _objects(node)
    assert any("/own/" in name and name.endswith("answer.tgz") for name in names), names


def test_the_server_shows_the_archive_to_a_person_with_rights(platform: Node) -> None:
    node = platform
    node.kubectl("create", "serviceaccount", "person", "-n", "mlops")
    rights = (
        "create",
        "rolebinding",
        "person",
        "-n",
        "mlops",
        "--clusterrole=argo-aggregate-to-view",
    )
    node.kubectl(*rights, "--serviceaccount=mlops:person")
    token = node.kubectl("create", "token", "person", "-n", "mlops").strip()
    with _server(node) as address:
        listed = json.loads(_ask(f"{address}/api/v1/archived-workflows?namespace=mlops", token))
        (own_workflow,) = [
            workflow for workflow in listed["items"] if workflow["metadata"]["name"] == "own"
        ]
        assert own_workflow["status"]["phase"] == "Succeeded"


@contextmanager
def _server(node: Node) -> Iterator[str]:
    """Argo's server, which has a certificate that it signed itself, on a port of this machine."""
    port = free_port()
    words = ["kubectl", "port-forward", "-n", "argo", "service/argo-server", f"{port}:2746"]
    process = subprocess.Popen(words, env=node.env)
    try:
        node.until(lambda: _listens(f"https://localhost:{port}"), "answer of Argo's server", 120)
        yield f"https://localhost:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _listens(address: str) -> bool:
    try:
        return bool(_ask(address, ""))
    except OSError:
        return False


def _ask(address: str, token: str) -> str:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    request = Request(address, headers={"Authorization": f"Bearer {token}"})
    with urlopen(request, timeout=30, context=trusting) as answer:
        return str(answer.read().decode())


def _succeeded(node: Node, labels: str) -> list[Any]:
    runs = node.get("workflows", "-n", "mlops", "-l", labels)["items"]
    return [run for run in runs if run.get("status", {}).get("phase") == "Succeeded"]


def _phase(node: Node, name: str) -> str:
    workflow = node.get("workflow", name, "-n", "mlops")
    return str(workflow.get("status", {}).get("phase"))


def _rows(node: Node, database: str, query: str) -> list[str]:
    command = ("psql", "-U", "postgres", "-d", database, "-Atc", query)
    printed = node.kubectl("exec", "-n", "mlops", "statefulset/postgres", "--", *command)
    return printed.splitlines()


def _objects(node: Node) -> list[str]:
    """The names of the objects in Argo's bucket."""
    pod = python(
        "list-objects",
        LIST,
        labels={"uses.platformc.dev/seaweedfs-s3": "true"},
        env=[{"name": "ENDPOINT", "value": "http://seaweedfs.mlops:8333"}],
        secrets=("seaweedfs-admin",),
    )
    return node.run(pod, 120).splitlines()
