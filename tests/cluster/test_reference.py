"""The reference platform's environment `dev`, as it stands: every component on the node, in a mesh with
strict mutual TLS, and the work of its model and of its workloads.

Its one difference is a list of registries whose tags Knative leaves alone: images are known to the
node's registry alone, which Knative cannot ask for digests.
"""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.node import ROOT, Node
from cluster.platforms import deliver, predictions, until_model_ready, update
from cluster.pods import python
from cluster.stores import minio

pytestmark = [pytest.mark.live, pytest.mark.cluster, pytest.mark.soak]

HOST = "fraud-detection.ml.example.internal"
TRAINER = "docker.io/kserve/xgbserver:v0.20.0"
TRAIN = """\
import base64, xgboost
data = xgboost.DMatrix([[1.0], [2.0], [30.0], [40.0]], label=[0, 0, 1, 1])
model = xgboost.train({"objective": "binary:hinge", "min_child_weight": 0}, data, 5)
print(base64.b64encode(model.save_raw("json")).decode())
"""


@pytest.fixture(scope="module")
def platform(node: Node, folder: Path) -> Node:
    spec = yaml.safe_load((ROOT / "platform.yaml").read_text())
    knative = spec["spec"]["environments"]["dev"]["components"].setdefault("knative", {})
    knative["registries"] = ["docker.io", "index.docker.io"]
    deliver(node, folder, _without_models(spec), "dev")
    _store_model(node)
    update(node, folder, yaml.safe_dump(spec), "dev")
    return node


def _without_models(spec: dict[str, Any]) -> str:
    """The same platform before its first model is trained: a plan waits for its models' files."""
    sections = {key: value for key, value in spec["spec"].items() if key != "models"}
    sections["environments"] = {"dev": sections["environments"]["dev"]}
    return yaml.safe_dump({**spec, "spec": sections})


def _store_model(node: Node) -> None:
    printed = node.run(python("train", TRAIN, "default", image=TRAINER), 300)
    files = {"fraud-detection/v2/model.json": b64decode(printed)}
    minio(node, "storage").upload("models", files)


def test_every_component_is_well(platform: Node) -> None:
    platform.until_complete("mlops", "app.kubernetes.io/instance=mlflow-smoke", 600)
    platform.until_well(600)


def test_the_model_answers_at_the_gateway(platform: Node) -> None:
    until_model_ready(platform, "fraud-detection")
    answers = predictions(platform, HOST, "fraud-detection", [[1.5], [35.0]], 1)
    assert answers == {'{"predictions":[0.0,1.0]}': 1}


@pytest.mark.parametrize(
    ("workload", "lines"),
    [
        ("churn-training", ["Run logged successfully!", "Feast answers 200"]),
        ("dataset-refresh", ["read from a branch of lakeFS: 1,2"]),
        ("feast-materialize", ["Materializing"]),
    ],
)
def test_a_workload_does_its_work(platform: Node, workload: str, lines: list[str]) -> None:
    name = f"{workload}-now"
    platform.kubectl("create", "job", name, "-n", "mlops", f"--from=cronjob/{workload}")
    platform.until_complete("mlops", f"batch.kubernetes.io/job-name={name}", 400)
    printed = platform.kubectl("logs", "-n", "mlops", f"job/{name}")
    assert [line for line in lines if line in printed] == lines, printed
