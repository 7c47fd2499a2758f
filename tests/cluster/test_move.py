"""SeaweedFS takes MinIO's place on a real node, and MinIO takes it back, by the commands that `platformc move` prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster.moves import Moving
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


@pytest.fixture(scope="module")
def moving(node: Node, folder: Path) -> Moving:
    moving = Moving(node, folder, SPEC, WRITE, READ)
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
