"""A pipeline of Kubeflow runs on the real node, and the run of its step appears in MLflow.

API server, agent, scheduler, driver and launcher are of a commit after release 2.0.5; ML Metadata is its
library behind a small server (images/ml-metadata). UI and Envoy, which come as images alone, get no pods.
"""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import pytest

from cluster import jobs, pipelines_release, stores
from cluster.node import Node
from cluster.platforms import deliver_at_once

pytestmark = [pytest.mark.live, pytest.mark.cluster, pytest.mark.soak]

SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: pipelines}
spec:
  components:
    seaweedfs: {storage: 2Gi}
    mysql: {storage: 1Gi}
    postgres: {storage: 1Gi}
    mlflow: {smoke: false, workers: 1}
    argo-workflows: {archive: false}
    kubeflow-pipelines: {bucket: mlpipeline, uses: [mlflow]}
  workloads:
    submit:
      image: registry.example.internal/pipelines:1.0.0
      command: [python, submit.py]
      schedule: "0 0 1 1 *"
      uses: [kubeflow-pipelines]
"""
SPACE = "kubeflow"
WITHOUT = [f"kubeflow-pipelines-{role}" for role in ("envoy", "ui")]
# The step says no address and no login of MLflow: both are in the environment of steps.
UPLOAD = """
import kfp
from kfp import dsl

@dsl.container_component
def train():
    return dsl.ContainerSpec(image="registry.example.internal/churn:1.4.0", command=["python", "/app/train.py"])

@dsl.pipeline(name="training")
def training():
    train()

kfp.Client().upload_pipeline_from_pipeline_func(training, pipeline_name="training")
"""
RUN = """
import kfp
client = kfp.Client()
pipeline = client.get_pipeline_id("training")
(version,) = client.list_pipeline_versions(pipeline).pipeline_versions
experiment = client.create_experiment("training")
run = client.run_pipeline(experiment.experiment_id, "training", pipeline_id=pipeline,
                          version_id=version.pipeline_version_id)
print("state", client.wait_for_run_completion(run.run_id, timeout=420, sleep_duration=5).state)
"""
# The numbers are ML Metadata's (Execution.State in metadata_store.proto).
COMPLETE, CACHED = "3", "5"
STATES = (
    "select last_known_state from Execution join Type on Type.id = type_id "
    "where Type.name = 'system.ContainerExecution' order by Execution.id"
)


@pytest.fixture(scope="module")
def platform(node: Node, folder: Path) -> Node:
    deliver_at_once(node, folder, SPEC)
    node.kubectl("scale", "deployment", *WITHOUT, "-n", SPACE, "--replicas=0")
    node.until_well(900)
    pipelines_release.apply_settings(node, SPACE)
    jobs.run(node, "submit", UPLOAD)
    return node


def test_a_pipeline_runs_and_its_step_logs_to_mlflow(platform: Node) -> None:
    labels = platform.get("namespace", SPACE)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert "state SUCCEEDED" in jobs.run(platform, "submit", RUN, seconds=480)
    assert finished(platform) == 1
    assert states(platform) == [COMPLETE]
    names = stores.seaweedfs(platform).names("mlpipeline")
    assert any("system-container-impl" in name and name.endswith("main.log") for name in names)


def test_the_same_run_again_comes_from_the_cache(platform: Node) -> None:
    assert "state SUCCEEDED" in jobs.run(platform, "submit", RUN, seconds=480)
    assert states(platform) == [COMPLETE, CACHED]
    assert finished(platform) == 1


def finished(node: Node) -> int:
    """How many runs MLflow has that ended well."""
    query = "select count(*) from runs where status = 'FINISHED'"
    command = ("psql", "-U", "postgres", "-d", "mlflow", "-Atc", query)
    return int(node.kubectl("exec", "-n", "mlops", "statefulset/postgres", "--", *command))


def states(node: Node) -> list[str]:
    """The states of all steps in ML Metadata, read with its login."""
    data = node.get("secret", "kubeflow-pipelines-metadata", "-n", SPACE)["data"]
    user, password = (b64decode(data[key]).decode() for key in ("username", "password"))
    client = f"mysql --host=127.0.0.1 --user={user} --batch --skip-column-names metadb"
    script = f'MYSQL_PWD={password} {client} --execute "{STATES}"'
    words = ("exec", "-n", "mlops", "statefulset/mysql", "--", "sh", "-c", script)
    return node.kubectl(*words).splitlines()
