"""A model on Seldon Core answers: pods that its operator makes of the compiled object run with their initializer.

The operator (1.19.0) has its objects in a control plane; the pods run here, with rclone, the key of the models' store
and Seldon's wrapper (1.17.1, a wheel). The executor, which no registry has, is a stand-in. The model is as large
as its `size` says, and the volume for its copy ends at its `sizeLimit`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from live import seldon
from live.conftest import START
from live.control_plane import ControlPlane
from live.disks import limited
from live.platforms import Manifest, Platform
from live.pods.node import Node
from live.preparation import prepare
from live.test_seldon import LOOSENED, deployments

pytestmark = pytest.mark.live

SIZE = 850  # MiB: the initializer has 1Gi of memory, where the volume lies here
SPEC = f"""
  components: {{seaweedfs: {{}}, istio: {{}}, seldon: {{}}}}
  models:
    churn: {{format: sklearn, uri: "s3://train/churn/v1", access: inside, size: {SIZE}Mi}}
  workloads:
    train: {{image: "registry.example.internal/training:1.0.0", uses: [seaweedfs]}}
    score: {{image: "registry.example.internal/training:1.0.0", schedule: "0 1 * * *", uses: [churn]}}
"""
TRAIN = f"""
import boto3, io, joblib, os
from sklearn.linear_model import LogisticRegression

model = LogisticRegression(C=1e6).fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
file = io.BytesIO()
joblib.dump(model, file)
s3 = boto3.client("s3")
s3.put_object(Bucket="train", Key="churn/v1/model.joblib", Body=file.getvalue())
with open("/tmp/embeddings", "wb") as embeddings:
    for _ in range({SIZE}):
        embeddings.write(os.urandom(2**20))
s3.upload_file("/tmp/embeddings", "train", "churn/v1/embeddings.bin")
"""
# By what is compiled for the workload, and Seldon's documented request.
SCORE = """
import json, os, urllib.request

assert os.environ["CHURN_PROTOCOL"] == "seldon"
body = json.dumps({"data": {"ndarray": [[0.5], [2.5]]}}).encode()
request = urllib.request.Request(os.environ["CHURN_URL"] + "/api/v1.0/predictions", body,
                                 {"Content-Type": "application/json"})
print(urllib.request.urlopen(request, timeout=30).read().decode())
"""


@pytest.fixture(scope="module")
def platform(folder: Path, node: Node, plane: ControlPlane) -> Iterator[Platform]:
    """The store with the trained model, and then the pods and Services of the model."""
    platform = Platform(folder).write(LOOSENED + SPEC)
    objects = platform.compile()
    node.apply(objects)
    node.wait(START)
    node.script("mlops", "train", TRAIN, 120)
    served_objects = objects_of_operator(plane, objects)
    with limited(node, (), empty_dirs=["churn"]):
        node.apply(served_objects)
        node.wait(START)
        yield platform


def objects_of_operator(plane: ControlPlane, objects: list[Manifest]) -> list[Manifest]:
    prepare(plane, objects)
    seldon.start(plane)
    accounts = [item for item in objects if item["kind"] in ("Namespace", "ServiceAccount")]
    plane.apply(sorted(accounts, key=lambda item: item["kind"] != "Namespace"), "--server-side")
    plane.apply(deployments(objects), "--server-side")
    path = "apis/machinelearning.seldon.io/v1/namespaces/mlops/seldondeployments/churn"
    plane.until(lambda: plane.get(path).get("status", {}).get("state") == "Available", "model", 150)
    manifests = [
        {"kind": kind, **item}
        for kind, root in (("Deployment", "apis/apps"), ("Service", "api"))
        for item in plane.get(f"{root}/v1/namespaces/mlops/{kind.lower()}s")["items"]
        if "seldon-deployment-id" in item["metadata"]["labels"]
    ]
    for manifest in manifests:
        if manifest["kind"] == "Deployment":
            spec = manifest["spec"]["template"]["spec"]
            # The pod's annotations, which the executor reads and its stand-in does not.
            spec["volumes"] = [
                {"name": item["name"], "emptyDir": {}} if "downwardAPI" in item else item
                for item in spec["volumes"]
            ]
    return manifests


def test_the_initializer_fetches_the_model_with_the_derived_key(
    platform: Platform, node: Node
) -> None:
    model = node.pod("mlops", deployed(node))
    listed = model.execute("classifier", ("du", "-sm", "/mnt/models", "/mnt/models/model.joblib"))
    assert int(listed.stdout.split()[0]) >= SIZE
    disk = model.execute("classifier", ("df", "--output=size", "-m", "/mnt/models")).stdout.split()
    assert disk[-1] == "2048"
    (initializer,) = model.spec["initContainers"]
    names = {item["valueFrom"]["secretKeyRef"]["name"] for item in initializer["env"] if "valueFrom" in item}  # fmt: skip
    assert names == {"models-mlops-store"}
    train = node.secret_values("mlops", "train-s3")
    assert node.secret_values("mlops", "models-mlops-store")["AWS_ACCESS_KEY_ID"] != train["AWS_ACCESS_KEY_ID"]  # fmt: skip


def deployed(node: Node) -> str:
    """The Deployment of the model."""
    (name,) = {
        name for kind, _, name in node.pods if kind == "Deployment" and name.startswith("churn-")
    }
    return name


def test_a_workload_gets_predictions_at_the_compiled_address(
    platform: Platform, node: Node
) -> None:
    answer = json.loads(node.script("mlops", "score", SCORE))
    first, second = answer["data"]["ndarray"]
    assert first[0] > 0.9
    assert second[1] > 0.9
