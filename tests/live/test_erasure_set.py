"""MinIO's erasure set of four servers: one is killed under a writer, and comes back to what it missed.

The servers, the script that makes the bucket and the workload are the compiled ones, each in a network
namespace with the names of the headless Service. MinIO takes every loopback address for its own, so the
pods have others here.
"""

from __future__ import annotations

import re
import time

import pytest

from live.numbered_objects import CLIENT, OBJECTS, lost
from live.platforms import Platform
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
WRITE = f"""{CLIENT}
refused, unread, longest = 0, 0, 0.0
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
    try:
        unread += read(number // 2) != body(number // 2)
    except (BotoCoreError, ClientError) as error:
        unread += 1
    print("wrote", number, flush=True)
print(f"refused {{refused}} unread {{unread}} longest {{longest:.1f}}")
"""
LATE = f"""{CLIENT}
try:
    s3.put_object(Bucket="training", Key="late", Body=b"1")
    print("acknowledged")
except (BotoCoreError, ClientError) as error:
    print("refused")
"""


def lose(node: Node, name: str) -> None:
    """A server without grace, as with its machine: connections to it get no answer."""
    node.discard([pod for pod in node.pods["StatefulSet", "mlops", "minio"] if pod.name == name])


def objects_of(node: Node, name: str) -> int:
    """The objects of which a server has a part on its disk."""
    folder = node.place / "claims" / "mlops" / f"data-{name}" / "training" / "runs"
    return len(list(folder.glob("*/xl.meta")))


def test_a_writer_outlives_a_server(platform: Platform, node: Node) -> None:
    pod = node.run("mlops", "training", command=("python", "-c", WRITE))
    node.until(lambda: pod.log("main").exists() and "wrote 60\n" in node.output(pod), 60, [pod])
    lose(node, "minio-1")
    printed = node.completed(pod, 300)
    match = re.search(r"refused (\d+) unread (\d+) longest ([\d.]+)", printed)
    assert match is not None, printed[-500:]
    print(match[0])
    assert int(match[2]) == 0
    assert lost(node) == 0


def test_a_server_comes_back_to_what_it_missed(platform: Platform, node: Node) -> None:
    """A read notices the missing part of an object, and MinIO writes it. Then another server may go."""
    before = objects_of(node, "minio-1")
    assert before < OBJECTS
    back = node.replace("StatefulSet", "mlops", "minio", 1)
    node.until(lambda: back.ready, 180, [back])
    deadline = time.monotonic() + 240
    while objects_of(node, "minio-1") < OBJECTS:
        assert time.monotonic() < deadline, objects_of(node, "minio-1")
        assert lost(node) == 0
    print("back", before, "healed", objects_of(node, "minio-1") - before)
    lose(node, "minio-2")
    assert lost(node) == 0
    assert "acknowledged" in node.script("mlops", "training", LATE, 240)
