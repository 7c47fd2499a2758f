"""A model that is an image, behind a transformer and KServe's agent, which copies its requests to a
second model and collects them; and a model whose files are an image. KServe's own controller and webhook
make the pods.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from cluster import jobs, model_requests, upstream
from cluster.node import Node
from cluster.pods import PYTHON

pytestmark = [pytest.mark.live, pytest.mark.cluster]

# The files of this model are the image in images/iris, which Kubernetes mounts.
IRIS = {
    "format": "sklearn",
    "uri": "oci://registry.example.internal/models/iris:1",
    "access": "inside",
}
REQUEST = """\
import json, os, time, urllib.request

body = json.dumps({"instances": [[1.3, 0.2], [4.9, 1.5]]}).encode()
while True:
    try:
        request = urllib.request.Request(os.environ["IRIS_URL"] + "/v1/models/iris:predict", body,
                                         {"Content-Type": "application/json"})
        print(urllib.request.urlopen(request, timeout=60).read().decode())
        break
    except OSError as error:
        print(error, flush=True)
        time.sleep(3)
"""
SPEC = yaml.safe_dump(
    {
        "apiVersion": "platformc/v1alpha1",
        "kind": "Platform",
        "metadata": {"name": "requests"},
        "spec": {
            "components": {"kserve": {"mode": "standard"}},
            "models": {**model_requests.models(), "iris": IRIS},
            "workloads": {
                **model_requests.workloads(),
                "asking": {"image": PYTHON, "command": ["python", "ask.py"], "uses": ["iris"]},
            },
        },
    },
    sort_keys=False,
)


@pytest.fixture(scope="module")
def platform(node: Node, folder: Path) -> Node:
    (folder / "platform.yaml").write_text(SPEC)
    node.shell("platformc compile", folder)
    upstream.install(node, folder, "default")
    node.shell("kubectl apply --server-side -k overlays/default", folder)
    return node


def test_requests_are_changed_copied_and_collected(platform: Node) -> None:
    model_requests.check(platform)


def test_a_models_files_come_from_an_image(platform: Node) -> None:
    assert jobs.run(platform, "asking", REQUEST).splitlines()[-1] == '{"predictions":[0,1]}'
    labels = "app.kubernetes.io/instance=iris"
    (pod,) = platform.get("pods", "-n", "mlops", "-l", labels)["items"]
    assert [volume["image"]["reference"] for volume in pod["spec"]["volumes"] if "image" in volume]
    assert platform.unwell() == []
