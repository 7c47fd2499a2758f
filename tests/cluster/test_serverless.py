"""Models on KServe, Knative Serving, net-istio and Istio: two revisions share requests, idle ones go and come
back, requests are changed, copied and collected.
"""

from __future__ import annotations

from base64 import b64decode
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster import model_requests
from cluster.node import Node
from cluster.platforms import deliver, predictions, until_model_ready, update
from cluster.pods import python
from cluster.stores import seaweedfs

pytestmark = [pytest.mark.live, pytest.mark.cluster, pytest.mark.soak]

HOST = "iris.ml.example.internal"
# Images are known to the node's registry alone, which Knative cannot ask for digests.
SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: serverless}
spec:
  domain: ml.example.internal
  components:
    seaweedfs: {storage: 2Gi}
    istio: {mtls: strict}
    knative: {registries: [docker.io, index.docker.io]}
    kserve: {mode: serverless}
"""
MODELS: dict[str, Any] = {
    "iris": {"format": "sklearn", "uri": "s3://models/iris/v1"},
    "steady": {"format": "sklearn", "uri": "s3://models/iris/v1", "minReplicas": 1},
}
# Two versions of a model, which differ in their answers.
TRAIN = """\
import base64, io, joblib
from sklearn.tree import DecisionTreeClassifier

for version in (1, 2):
    file = io.BytesIO()
    joblib.dump(DecisionTreeClassifier().fit([[1.4, 0.2], [4.7, 1.4]], [0, version]), file)
    print(base64.b64encode(file.getvalue()).decode())
"""


@pytest.fixture(scope="module")
def platform(node: Node, folder: Path) -> Node:
    deliver(node, folder, SPEC)
    _store_models(node)
    update(node, folder, _spec(MODELS))
    for name in MODELS:
        until_model_ready(node, name)
    return node


def _store_models(node: Node) -> None:
    lines = node.run(python("train", TRAIN, "default"), 300).splitlines()
    files = {f"iris/v{n}/model.joblib": b64decode(line) for n, line in enumerate(lines, 1)}
    seaweedfs(node).upload("models", files)


def _spec(models: dict[str, Any], workloads: dict[str, Any] | None = None) -> str:
    spec = yaml.safe_load(SPEC)
    spec["spec"] |= {"models": models, "workloads": workloads or {}}
    return str(yaml.safe_dump(spec))


def test_a_model_answers_at_the_gateway(platform: Node) -> None:
    assert _answers(platform, 1) == {'{"predictions":[0,1]}': 1}


def test_a_canary_takes_its_share_of_a_thousand_requests(platform: Node, folder: Path) -> None:
    changed = {"uri": "s3://models/iris/v2", "canary": {"percent": 20}}
    update(platform, folder, _spec({**MODELS, "iris": {**MODELS["iris"], **changed}}))
    until_model_ready(platform, "iris")
    platform.until(lambda: len(_answers(platform, 50)) == 2, "answer of both revisions", 300)
    counted = _answers(platform, 1000)
    print(counted)
    assert counted['{"predictions":[0,1]}'] + counted['{"predictions":[0,2]}'] == 1000
    # Five standard deviations around 200 of 1,000.
    assert 137 <= counted['{"predictions":[0,2]}'] <= 263


def test_an_idle_model_goes_and_comes_back_and_a_steady_one_stays(platform: Node) -> None:
    platform.until(lambda: _replicas(platform, "iris") == 0, "model without replicas", 400)
    assert _replicas(platform, "steady") == 1
    assert sum(_answers(platform, 1).values()) == 1
    assert _replicas(platform, "iris") >= 1


def test_requests_are_changed_copied_and_collected(platform: Node, folder: Path) -> None:
    """A Job and the models that it asks, each behind Knative's own proxy and the mesh's."""
    models = {**MODELS, **model_requests.models()}
    update(platform, folder, _spec(models, model_requests.workloads()))
    model_requests.check(platform)


def _answers(node: Node, count: int) -> Counter[str]:
    return predictions(node, HOST, "iris", [[1.3, 0.2], [4.9, 1.5]], count)


def _replicas(node: Node, model: str) -> int:
    labels = f"serving.kserve.io/inferenceservice={model}"
    return len(node.get("pods", "-n", "mlops", "-l", labels)["items"])
