"""MinIO grows by a second pool under a writer, as `platformc diff` says, and then loses a server of each.

The servers, the script that makes the bucket and the workload are the compiled ones, each in a network
namespace with the names of the headless Services, as in test_erasure_set.py.
"""

from __future__ import annotations

import re
import shutil
import time

import pytest

from live.numbered_objects import CLIENT, OBJECTS, lost
from live.platforms import Platform, platformc
from live.pods.node import Node

pytestmark = pytest.mark.live

RANGE = "10"
SPEC = """
  components:
    minio: {replicas: 4}
  workloads:
    training:
      image: registry.example.internal/training:1.0.0
      command: [python, train.py]
      uses: [minio]
"""
GROWN = "minio: {replicas: 4, pools: [{drives: 2}]}"
WRITE = f"""{CLIENT}
refused, longest = 0, 0.0
for number in range({OBJECTS}):
    begun = time.monotonic()
    while True:
        try:
            s3.put_object(Bucket="training", Key=f"runs/{{number}}", Body=body(number))
            break
        except (BotoCoreError, ClientError) as error:
            refused += 1
            time.sleep(0.2)
    longest = max(longest, time.monotonic() - begun)
    print("wrote", number, flush=True)
    time.sleep(0.05)
print(f"refused {{refused}} longest {{longest:.1f}}")
"""


def objects_of(node: Node, pool: str) -> set[str]:
    """The objects of which some volume of a pool has a part."""
    volumes = (node.place / "claims" / "mlops").glob(f"data*-{pool}-[0-9]")
    return {path.parent.name for volume in volumes
            for path in (volume / "training" / "runs").glob("*/xl.meta")}  # fmt: skip


def test_a_pool_comes_under_a_writer_and_takes_new_objects(platform: Platform, node: Node) -> None:
    pod = node.run("mlops", "training", command=("python", "-c", WRITE))
    node.until(lambda: pod.log("main").exists() and "wrote 100\n" in node.output(pod), 60, [pod])
    spec = platform.directory / "platform.yaml"
    shutil.copy(spec, platform.directory / "before.yaml")
    spec.write_text(spec.read_text().replace("minio: {replicas: 4}", GROWN))
    plan = platformc("diff", "./before.yaml", directory=platform.directory)
    assert "downtime" in plan
    assert "kubectl delete pods -n mlops -l 'app.kubernetes.io/instance=minio," in plan
    begun = time.monotonic()
    node.apply(platform.compile())  # with new arguments, all servers start anew at once
    node.wait(240, "minio", "minio-pool-2")
    print(f"ready after {time.monotonic() - begun:.0f} s")
    printed = node.completed(pod, 300)
    match = re.search(r"refused (\d+) longest ([\d.]+)", printed)
    assert match is not None, printed[-500:]
    before, after = objects_of(node, "minio"), objects_of(node, "minio-pool-2")
    print(match[0], "objects in the first pool", len(before), "in the second", len(after))
    assert lost(node) == 0
    assert len(before) >= 100
    assert after
    assert before | after == {str(number) for number in range(OBJECTS)}
    # A write that the restart interrupted may leave a part in the first pool, and be repeated in the second.
    assert len(before & after) <= int(match[1])


def test_each_pool_may_lose_a_server(platform: Platform, node: Node) -> None:
    for name in ("minio", "minio-pool-2"):
        node.discard([node.pods["StatefulSet", "mlops", name][1]])
    assert lost(node) == 0
