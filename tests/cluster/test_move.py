"""SeaweedFS takes MinIO's place on a real node, and MinIO takes it back, by the commands that `platformc move` prints."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cluster import jobs
from cluster.node import Node
from cluster.platforms import deliver

pytestmark = [pytest.mark.live, pytest.mark.cluster, pytest.mark.soak]

SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: moves}
spec:
  move: {from: minio, to: seaweedfs, cutOver: false}
  components:
    minio: {storage: 2Gi}
    seaweedfs: {storage: 2Gi}
    postgres: {storage: 1Gi}
    mlflow: {workers: 1, bind: {artifacts: minio}}
  workloads:
    writer:
      image: registry.example.internal/data:1.0.0
      command: [python, write.py]
      uses: [minio]
"""
CLIENT = """\
import botocore.session
s3 = botocore.session.get_session().create_client("s3")
"""
# Says each number that the store has acknowledged, until it is stopped.
WRITE = f"""{CLIENT}
import os, time
number = START
while not os.path.exists("/tmp/stop"):
    s3.put_object(Bucket="writer", Key="runs/%d" % number, Body=b"%d" % number * 50)
    print(number, flush=True)
    number += 1
    time.sleep(0.05)
"""
READ = f"""{CLIENT}
for page in s3.get_paginator("list_objects_v2").paginate(Bucket="writer", Prefix="runs/"):
    for entry in page.get("Contents", ()):
        number = entry["Key"].partition("/")[2]
        assert entry["Size"] == 50 * len(number), entry
        print(number)
"""
LOG = """\
import mlflow
mlflow.set_tracking_uri("http://127.0.0.1:5000")
mlflow.set_experiment("moved")
with mlflow.start_run():
    mlflow.log_text("as it was", "note.txt")
"""
OPEN = """\
import mlflow
mlflow.set_tracking_uri("http://127.0.0.1:5000")
for run in mlflow.search_runs(experiment_names=["moved"], output_format="list"):
    print(mlflow.artifacts.load_text(run.info.artifact_uri + "/note.txt"))
"""


class Moving:
    """The platform in the middle of its move, and the numbers that were acknowledged."""

    def __init__(self, node: Node, folder: Path) -> None:
        self.node, self.folder = node, folder
        self.acknowledged: set[int] = set()

    def follow(self, *options: str, over: bool) -> float:
        """The printed plan, typed as it stands; the seconds that it took."""
        spec = SPEC.replace("cutOver: false", "cutOver: true") if over else SPEC
        (self.folder / "platform.yaml").write_text(spec)
        self.node.shell("platformc compile; platformc secrets generate default", self.folder)
        began = time.monotonic()
        self.node.shell(f"platformc move default {' '.join(options)} | sh -e", self.folder)
        return time.monotonic() - began

    def writing(self) -> str:
        start = max(self.acknowledged, default=0) + 1
        job = jobs.start(self.node, "writer", WRITE.replace("START", str(start)))
        self.node.until(
            lambda: jobs.logs(self.node, job).count("\n") > 50, "client that writes", 180
        )
        return job

    def stop(self, job: str) -> None:
        """What the plan leaves to the person: a Job that runs."""
        self.node.kubectl("exec", "-n", "mlops", f"job/{job}", "--", "touch", "/tmp/stop")
        self.acknowledged |= {int(line) for line in jobs.output(self.node, job, 60).splitlines()}

    def lost(self) -> set[int]:
        return self.acknowledged - {
            int(word) for word in jobs.run(self.node, "writer", READ).split()
        }

    def mlflow(self, program: str) -> str:
        return self.node.kubectl(
            "exec", "-n", "mlops", "deployment/mlflow", "--", "python", "-c", program
        )


@pytest.fixture(scope="module")
def moving(node: Node, folder: Path) -> Moving:
    moving = Moving(node, folder)
    text = SPEC.replace("  move: {from: minio, to: seaweedfs, cutOver: false}\n", "")
    deliver(node, folder, text.replace("    seaweedfs: {storage: 2Gi}\n", ""))
    moving.mlflow(LOG)
    return moving


def test_nothing_is_lost_there_and_back(moving: Moving) -> None:
    writer = moving.writing()
    print(f"the new instance and the first copy: {moving.follow(over=False):.0f} s")
    moving.stop(writer)
    print(f"freeze, the rest and the cut-over: {moving.follow(over=True):.0f} s")
    assert moving.lost() == set()
    assert moving.mlflow(OPEN).split("\n")[0] == "as it was"
    moving.mlflow(LOG)
    moving.stop(moving.writing())
    print(f"the way back: {moving.follow('--back', over=False):.0f} s")
    assert moving.lost() == set()
    assert moving.mlflow(OPEN).count("as it was") == 2
    print(f"{len(moving.acknowledged)} acknowledged objects, 0 lost")
    moving.node.until_well(300)
