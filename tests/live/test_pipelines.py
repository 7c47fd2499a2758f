"""Kubeflow Pipelines' API server, agent and scheduler as compiled, on MySQL, a store and a control plane.

They are of a commit after release 2.0.5, the newest that is a module; docs/live-tests.md lists how it
differs from the image. They ask a real API server by the rights of their compiled ServiceAccounts, which
Argo's real controller turns Workflows into pods of; no node runs those.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from live import argo_server
from live.conftest import START
from live.control_plane import ControlPlane
from live.platforms import Manifest, Platform
from live.pods.node import Node

pytestmark = pytest.mark.live

SPEC = """
  components:
    seaweedfs: {}
    mysql: {}
    argo-workflows: {archive: false}
    kubeflow-pipelines: {bucket: mlpipeline}
  workloads:
    submit:
      image: registry.example.internal/pipelines:1.0.0
      command: [python, submit.py]
      uses: [kubeflow-pipelines]
"""
# Their images hold programs that no registry of packages has.
WITHOUT = [f"kubeflow-pipelines-{role}" for role in ("metadata", "envoy", "ui")]
RUN_BY_NODES = ("Deployment", "StatefulSet", "Job", "CronJob")
SPACE = "kubeflow"
PIPELINE = """
import kfp
from kfp import dsl

@dsl.container_component
def greet():
    return dsl.ContainerSpec(image="registry.example.internal/steps:1.0.0", command=["echo"])

@dsl.pipeline(name="greeting")
def greeting():
    greet()

client = kfp.Client()
"""
SUBMIT = f"""{PIPELINE}
pipeline = client.upload_pipeline_from_pipeline_func(greeting, pipeline_name="greeting")
(version,) = client.list_pipeline_versions(pipeline.pipeline_id).pipeline_versions
experiment = client.create_experiment("greetings")
run = client.run_pipeline(experiment.experiment_id, "first", pipeline_id=pipeline.pipeline_id,
                          version_id=version.pipeline_version_id)
print("submitted", run.run_id)
"""
STATE = f"""{PIPELINE}
print("state", client.get_run("RUN").state)
"""
SCHEDULE = f"""{PIPELINE}
experiment = client.get_experiment(experiment_name="greetings")
pipeline = client.get_pipeline_id("greeting")
(version,) = client.list_pipeline_versions(pipeline).pipeline_versions
client.create_recurring_run(experiment.experiment_id, "often", interval_second=2, max_concurrency=1,
                            pipeline_id=pipeline, version_id=version.pipeline_version_id)
"""


@pytest.fixture(scope="module")
def platform(folder: Path, node: Node, plane: ControlPlane) -> Platform:
    """The platform of `SPEC`, whose pods run here and whose other objects the control plane has."""
    platform = Platform(folder).write(SPEC)
    objects = platform.compile()
    argo_server.install(plane, folder)
    plane.apply(
        sorted(
            (manifest for manifest in objects if manifest["kind"] not in RUN_BY_NODES),
            key=lambda manifest: manifest["kind"] not in ("Namespace", "CustomResourceDefinition"),
        )
    )
    node.join(plane)
    argo_server.start_controller(plane, node.network)
    node.apply(objects, without=WITHOUT)
    node.wait(START)
    return platform


@pytest.fixture(scope="module")
def run(platform: Platform, node: Node) -> str:
    """The run that a workload submits with Kubeflow's own client."""
    (line,) = (
        line
        for line in node.script("mlops", "submit", SUBMIT).splitlines()
        if line.startswith("submitted ")
    )
    return line.split()[1]


def test_the_server_makes_its_tables_by_its_login(platform: Platform, node: Node) -> None:
    assert {"pipelines", "run_details"} <= set(rows(node, "show tables"))


def test_a_workload_uploads_a_pipeline_and_starts_a_run(node: Node, run: str) -> None:
    assert rows(node, "select Name from pipelines") == ["greeting"]
    assert rows(node, f"select DisplayName from run_details where UUID = '{run}'") == ["first"]


def rows(node: Node, statement: str) -> list[str]:
    """The answer of MySQL to the login of the API server, in its database."""
    login = node.secret_values(SPACE, "kubeflow-pipelines-pipelines")
    command = (
        f"mysql --host=127.0.0.1 --user={login['username']} --batch --skip-column-names mlpipeline"
    )
    script = f'MYSQL_PWD={login["password"]} {command} --execute "{statement}"'
    return node.execute("mlops", "mysql", "sh", "-c", script).splitlines()


def workflows(plane: ControlPlane) -> list[Manifest]:
    path = f"apis/argoproj.io/v1alpha1/namespaces/{SPACE}/workflows"
    items: list[Manifest] = plane.get(path)["items"]
    return items


def pods(plane: ControlPlane) -> list[Manifest]:
    items: list[Manifest] = plane.get(f"api/v1/namespaces/{SPACE}/pods")["items"]
    return [pod for pod in items if "workflows.argoproj.io/workflow" in pod["metadata"]["labels"]]


def test_argo_makes_its_pods_which_restricted_admits(plane: ControlPlane, run: str) -> None:
    (workflow,) = workflows(plane)
    assert workflow["metadata"]["labels"]["pipeline/runid"] == run
    assert workflow["spec"]["serviceAccountName"] == "kubeflow-pipelines-runs"
    plane.until(lambda: bool(pods(plane)), "pod of the workflow")
    (pod,) = pods(plane)
    (main,) = (each for each in pod["spec"]["containers"] if each["name"] == "main")
    assert main["image"] == "ghcr.io/kubeflow/kfp-driver:2.17.0"
    assert pod["spec"]["serviceAccountName"] == "kubeflow-pipelines-runs"
    namespace = plane.get(f"api/v1/namespaces/{SPACE}")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_agent_reports_the_state_of_the_run(node: Node, plane: ControlPlane, run: str) -> None:
    state = STATE.replace("RUN", run)
    plane.until(
        lambda: "state RUNNING" in node.script("mlops", "submit", state), "running run", 180
    )


def test_the_scheduler_starts_runs(node: Node, plane: ControlPlane, run: str) -> None:
    node.script("mlops", "submit", SCHEDULE)
    plane.until(lambda: len(workflows(plane)) > 1, "scheduled workflow", 180)
