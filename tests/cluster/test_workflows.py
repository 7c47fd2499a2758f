"""Argo Workflows runs the objects compiled for it: runs that log to MLflow and read Feast, and a run that a
person wrote, under the settings of the platform. The platform is applied at once, in no order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
import yaml
from live import features

from cluster import argo_server, jobs
from cluster.node import Manifest, Node
from cluster.platforms import deliver_at_once
from cluster.pods import python

pytestmark = [pytest.mark.live, pytest.mark.cluster, pytest.mark.soak]

SPEC = f"""\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {{name: workflows}}
spec:
  components:
    seaweedfs: {{storage: 2Gi}}
    postgres: {{storage: 1Gi}}
    pgbouncer: {{}}
    mlflow: {{smoke: false, workers: 1}}
    redis: {{memory: 256Mi}}
    feast:
      materialize: {{schedule: "0 0 1 1 *"}}{features.repository(*features.FILE)}
    argo-workflows: {{}}
  workloads:
    training:
      image: registry.example.internal/churn:1.4.0
      command: [python, train.py]
      schedule: "* * * * *"
      workflow: true
      uses: [mlflow]
    collecting:
      image: quay.io/feastdev/feature-server:0.67.0
      command: [python, collect.py]
      uses: [feast]
    scoring:
      image: registry.example.internal/scoring:1.0.0
      command: [python, score.py]
      workflow: true
      uses: [mlflow, feast]
"""
# `sso` needs this: with it, the platform makes an account for each group of people.
SIGN_ON = """\
domain: ml.example.internal
tls: {secret: ml-tls}
login: {issuer: "https://sso.example.internal", client: {id: ml}, groups: [authors]}
components:
  edge: {type: ingress}
  argo-workflows: {sso: {authors: read}}
"""
LIST = """\
import boto3, os
store = boto3.client("s3", endpoint_url=os.environ["ENDPOINT"], region_name="us-east-1")
for item in store.list_objects_v2(Bucket=os.environ["BUCKET"]).get("Contents", []):
    print(item["Key"])
"""
PRINT = """\
import boto3, os
store = boto3.client("s3", endpoint_url=os.environ["ENDPOINT"], region_name="us-east-1")
print(store.get_object(Bucket="argo-workflows", Key=os.environ["KEY"])["Body"].read().decode())
"""
ARCHIVED = "select name from argo_archived_workflows where phase = 'Succeeded'"
ARGO = "quay.io/argoproj/argocli:v4.0.5"
# The text of a person, without a word of the platform.
USER_WORKFLOW: Manifest = {
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
    deliver_at_once(node, folder, SPEC)
    return node


def test_everything_applied_at_once_becomes_well(platform: Node) -> None:
    """Pods that need a server wait for it, and do not fail until it is there. Argo's two programs do not wait:
    Kubernetes starts them again."""
    platform.until_well(900)
    restarts = platform.restarts()
    print(dict(restarts))
    assert {name for name in restarts if not name.startswith("argo/")} == set()
    assert max(restarts.values(), default=0) <= 7


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
    node.until(lambda: run in _rows(node, "argo_workflows", ARCHIVED), "row in the archive", 60)


def test_a_run_of_ones_own_leaves_its_artefact(platform: Node) -> None:
    node = platform
    node.apply([USER_WORKFLOW])
    _until_ended(node, "own")
    workflow = node.get("workflow", "own", "-n", "mlops")
    assert workflow["status"]["phase"] == "Succeeded", workflow["status"]
    names = _objects(node)
    assert any("/own/" in name and name.endswith("answer.tgz") for name in names), names


def test_a_workflow_reads_feast_and_logs_to_mlflow(platform: Node) -> None:
    """One pod reads the online store, which a Job and Feast's schedule have filled, logs the rows to
    MLflow, and leaves an artefact to Argo, a log and a row in the archive."""
    node = platform
    jobs.run(node, "collecting", features.WRITE)
    jobs.run(node, "feast-materialize")
    spec = node.get("workflowtemplate", "scoring", "-n", "mlops")["spec"]
    (template,) = spec["templates"]
    template["outputs"] = {"artifacts": [{"name": "scores", "path": "/tmp/scores.json"}]}
    metadata = {"name": "scoring-now", "namespace": "mlops"}
    workflow = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow"}
    node.apply([{**workflow, "metadata": metadata, "spec": spec}])
    _until_ended(node, "scoring-now")
    assert _phase(node, "scoring-now") == "Succeeded"
    metric = "select value from metrics where key = 'orders'"
    assert [float(value) for value in _rows(node, "mlflow", metric)] == [7]
    names = _objects(node)
    assert any("/scoring-now/" in name and name.endswith("scores.tgz") for name in names), names
    (log,) = [name for name in names if "/scoring-now/" in name and "main.log" in name]
    assert "logged 7" in _in_store(node, PRINT, KEY=log)
    assert any(name.endswith("/artifacts/scores.json") for name in _objects(node, "mlflow"))
    node.until(lambda: "scoring-now" in _rows(node, "argo_workflows", ARCHIVED), "row", 60)


def test_the_server_shows_the_archive_and_logs_to_a_person_with_rights(
    platform: Node, folder: Path
) -> None:
    """The log comes from the store, for its pod is gone. The server reads the store's key with the rights of
    the person: those of the account that `sso` makes are enough, upstream's role for viewers is not."""
    node = platform
    node.apply(_accounts(node, folder))
    view = ("create", "rolebinding", "visitor", "-n", "mlops", "--serviceaccount=argo:visitor")
    node.kubectl("create", "serviceaccount", "visitor", "-n", "argo")
    node.kubectl(*view, "--clusterrole=argo-aggregate-to-view")
    uid = node.get("workflow", "own", "-n", "mlops")["metadata"]["uid"]
    with argo_server.forwarded(node) as ask:
        for account in ("argo-workflows-read", "visitor"):
            token = node.kubectl("create", "token", account, "-n", "argo").strip()
            listed = json.loads(ask("/api/v1/archived-workflows?namespace=mlops", token))
            assert "own" in [workflow["metadata"]["name"] for workflow in listed["items"]]
        with pytest.raises(HTTPError, match="500"):
            ask(f"/artifacts-by-uid/{uid}/own/main-logs", token)
        reader = node.kubectl("create", "token", "argo-workflows-read", "-n", "argo").strip()
        assert ask(f"/artifacts-by-uid/{uid}/own/main-logs", reader) == "computed\n"


def _accounts(node: Node, folder: Path) -> list[Manifest]:
    """The accounts of people that the same platform has with a sign-on, and their rights."""
    spec, sign_on = yaml.safe_load(SPEC), yaml.safe_load(SIGN_ON)
    components = {**spec["spec"]["components"], **sign_on.pop("components")}
    spec["spec"] |= {**sign_on, "components": components}
    platform = folder / "with-sign-on"
    platform.mkdir()
    (platform / "platform.yaml").write_text(yaml.safe_dump(spec))
    objects = yaml.safe_load_all(node.shell("platformc render default", platform))
    return [
        manifest
        for manifest in objects
        if manifest["metadata"]["name"].startswith("argo-workflows-read")
    ]


def _succeeded(node: Node, labels: str) -> list[Any]:
    runs = node.get("workflows", "-n", "mlops", "-l", labels)["items"]
    return [run for run in runs if run.get("status", {}).get("phase") == "Succeeded"]


def _until_ended(node: Node, name: str) -> None:
    ends = ("Succeeded", "Failed", "Error")
    node.until(lambda: _phase(node, name) in ends, f"end of {name}", 240)


def _phase(node: Node, name: str) -> str:
    workflow = node.get("workflow", name, "-n", "mlops")
    return str(workflow.get("status", {}).get("phase"))


def _rows(node: Node, database: str, query: str) -> list[str]:
    command = ("psql", "-U", "postgres", "-d", database, "-Atc", query)
    printed = node.kubectl("exec", "-n", "mlops", "statefulset/postgres", "--", *command)
    return printed.splitlines()


def _objects(node: Node, bucket: str = "argo-workflows") -> list[str]:
    return _in_store(node, LIST, BUCKET=bucket).splitlines()


def _in_store(node: Node, program: str, **env: str) -> str:
    """The output of a program with the store's own key."""
    variables = {"ENDPOINT": "http://seaweedfs.mlops:8333", **env}
    pod = python(
        "read-objects",
        program,
        labels={"uses.platformc.dev/seaweedfs-s3": "true"},
        env=[{"name": name, "value": value} for name, value in variables.items()],
        secrets=("seaweedfs-admin",),
    )
    return node.run(pod, 120).strip()
