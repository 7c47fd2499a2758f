"""The README's way from an empty cluster to a logged run, and from there to a model that answers."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from urllib.request import urlopen

import pytest
import yaml
from live.clients import CLIENTS, LOAD, POOLED

from cluster import upstream
from cluster.node import ROOT, Manifest, Node, free_port
from cluster.pods import PYTHON, python

pytestmark = [pytest.mark.live, pytest.mark.cluster]

# The first two kinds of Fisher's irises, by their petals' length and width: any classifier parts them.
TRAIN = """\
import boto3, joblib, os
from sklearn.tree import DecisionTreeClassifier

model = DecisionTreeClassifier().fit([[1.4, 0.2], [1.5, 0.2], [4.7, 1.4], [4.5, 1.5]], [0, 0, 1, 1])
joblib.dump(model, "/tmp/model.joblib")
store = boto3.client("s3", endpoint_url=os.environ["ENDPOINT"], region_name="us-east-1")
store.upload_file("/tmp/model.joblib", "models", "iris/v1/model.joblib")
print("stored")
"""
# A client of the model, which may start before the model does.
SCORE = """\
import json, os, time, urllib.request

body = json.dumps({"instances": [[1.3, 0.2], [4.9, 1.5]]}).encode()
address = os.environ["IRIS_URL"] + "/v1/models/iris:predict"
while True:
    try:
        request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
        print(urllib.request.urlopen(request, timeout=30).read().decode())
        break
    except OSError as error:
        print(error, flush=True)
        time.sleep(3)
"""


def readme_commands() -> tuple[str, str]:
    """The README's commands from `init --lab` to the logs, and the last one, which runs until it is
    stopped."""
    text = (ROOT / "README.md").read_text()
    (block,) = re.findall(r"```sh\nkind create cluster\n(.*?)```", text, re.DOTALL)
    commands, forward = str(block).rstrip().rsplit("\n", 1)
    assert " port-forward " in forward
    return commands, forward


@pytest.fixture(scope="module")
def logged(node: Node, folder: Path) -> str:
    """The output of the README's commands, on a node without any object of a platform's."""
    commands, _ = readme_commands()
    return node.shell(commands, folder)


def test_the_readme_leads_to_a_logged_run(logged: str) -> None:
    assert logged.rstrip().endswith("Run logged successfully!")


def test_the_readme_leads_to_mlflows_pages(node: Node, folder: Path, logged: str) -> None:
    """On another port of this machine, where nothing listens."""
    _, forward = readme_commands()
    port = free_port()
    command = ["bash", "-c", "exec " + forward.replace(" 5000:", f" {port}:")]
    process = subprocess.Popen(command, env=node.env, cwd=folder)
    try:
        node.until(lambda: _answers(f"http://localhost:{port}/health"), "answer of MLflow", 120)
    finally:
        process.terminate()
        process.wait(30)


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=5) as answer:
            return bool(answer.read() == b"OK")
    except OSError:
        return False


def test_200_clients_at_once_write_through_the_pooler(node: Node, logged: str) -> None:
    """In a pod of MLflow's, which has the pooler's address and login; the server alone would refuse half
    of the clients."""
    connections = _sql(node, "show max_connections")
    assert int(connections) < CLIENTS
    pod = ("exec", "-n", "mlops", "deployment/mlflow", "--", "python", "-c", LOAD, str(CLIENTS))
    printed = node.kubectl(*pod, *POOLED)
    assert printed.strip() == "0 failed"
    written = _sql(node, "select count(*), count(distinct client) from metrics_of_a_test", "mlflow")
    assert written == f"{5 * CLIENTS}|{CLIENTS}"
    print(f"{CLIENTS} clients wrote through the pooler to a server of {connections} connections")


def _sql(node: Node, query: str, database: str = "postgres") -> str:
    command = ("psql", "-U", "postgres", "-d", database, "-Atc", query)
    return node.kubectl("exec", "-n", "mlops", "statefulset/postgres", "--", *command).strip()


def test_a_model_is_fetched_with_its_derived_key_and_answers(
    node: Node, folder: Path, logged: str
) -> None:
    _add_model(folder / "platform.yaml")
    node.shell("platformc compile; platformc secrets generate default", folder)
    upstream.install(node, folder, "default")
    node.shell("kubectl apply --server-side -k secrets/default", folder)
    node.shell("kubectl apply --server-side -k overlays/default", folder)
    node.until_complete("mlops", "app.kubernetes.io/instance=seaweedfs", 600)
    assert "stored" in node.run(_store(), 300)
    node.until_complete("mlops", "app.kubernetes.io/instance=scoring", 900)
    scored = node.kubectl("logs", "-n", "mlops", "-l", "app.kubernetes.io/instance=scoring")
    assert scored.splitlines()[-1] == '{"predictions":[0,1]}'
    connect = "import socket; socket.create_connection(('iris-predictor.mlops', 80), 10)"
    stranger = node.ask("exec", "-n", "mlops", "deployment/mlflow", "--", "python", "-c", connect)
    assert re.search("ConnectionRefusedError|TimeoutError", stranger.stderr), stranger
    node.kubectl("wait", "inferenceservice/iris", "-n", "mlops", "--for=condition=Ready")
    assert node.unwell() == []


def _add_model(path: Path) -> None:
    """Three lines more in the lab's platform.yaml: KServe, a model, and a Job that asks it."""
    spec = yaml.safe_load(path.read_text())
    spec["spec"]["components"]["kserve"] = {"mode": "standard"}
    spec["spec"]["models"] = {"iris": {"format": "sklearn", "uri": "s3://models/iris/v1"}}
    scoring = {"image": PYTHON, "command": ["python", "-c", SCORE], "uses": ["iris"], "run": "once"}
    spec["spec"]["workloads"] = {"scoring": scoring}
    path.write_text(yaml.safe_dump(spec, sort_keys=False))


def _store() -> Manifest:
    """A pod that puts a model into the bucket as the store's administrator: models' keys only read."""
    return python(
        "store-iris",
        TRAIN,
        labels={"uses.platformc.dev/seaweedfs-s3": "true"},
        env=[{"name": "ENDPOINT", "value": "http://seaweedfs.mlops:8333"}],
        secrets=("seaweedfs-admin",),
    )
