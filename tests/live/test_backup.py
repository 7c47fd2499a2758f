"""Copies that are made, lost originals, and copies that come back: PostgreSQL, MLflow and SeaweedFS.

rclone is Debian's 1.60, PostgreSQL Debian's, the store SeaweedFS 4.48.
"""

from __future__ import annotations

import shutil
from copy import deepcopy
from pathlib import Path

import pytest

from live.platforms import Platform
from live.pods.node import Node, commanded
from live.pods.objects import Manifest, pod_template

pytestmark = pytest.mark.live

SPEC = """
  backup: {to: offsite, keep: 7d, encrypt: true}
  components:
    seaweedfs: {}
    offsite: {type: seaweedfs, namespace: copies}
    postgres: {}
    mlflow: {smoke: false}
  workloads:
    training:
      image: registry.example.internal/training:1.0.0
      command: [python, train.py]
      uses: [mlflow]
"""
# MLflow's own client, straight at the database and the store, as the server's pod has them.
CLIENT = """
import mlflow, os
mlflow.set_tracking_uri(os.environ["MLFLOW_BACKEND_STORE_URI"])
"""
TRAIN = f"""{CLIENT}
root = os.environ["MLFLOW_DEFAULT_ARTIFACT_ROOT"]
kept = mlflow.create_experiment("kept", artifact_location=root + "/kept")
with mlflow.start_run(experiment_id=kept, run_name="first"):
    mlflow.log_metric("loss", 0.25)
    mlflow.log_text("as it was", "note.txt")
print("logged")
"""
READ = f"""{CLIENT}
(run,) = mlflow.search_runs(experiment_names=["kept"], output_format="list")
text = mlflow.artifacts.load_text(run.info.artifact_uri + "/note.txt")
print(run.data.metrics["loss"], text)
"""
COUNT = (
    "select count(*) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
)
OFFSITE = """
import boto3
s3 = boto3.client("s3", aws_access_key_id=KEY, aws_secret_access_key=SECRET,
                  endpoint_url="http://offsite.copies.svc.cluster.local:8333")
objects = s3.list_objects_v2(Bucket="postgres-backups")["Contents"]
"""
LIST = "\nprint(*sorted(one['Key'] for one in objects))\n"
# The largest object is a dump; half of it is what a transfer that broke off would leave.
CUT = """
largest = max(objects, key=lambda one: one["Size"])["Key"]
body = s3.get_object(Bucket="postgres-backups", Key=largest)["Body"].read()
s3.put_object(Bucket="postgres-backups", Key=largest, Body=body[:len(body) // 2])
print("cut off")
"""


def offsite(node: Node, program: str) -> str:
    held = node.held("copies", "offsite-admin")
    login = f"KEY, SECRET = {held['AWS_ACCESS_KEY_ID']!r}, {held['AWS_SECRET_ACCESS_KEY']!r}\n"
    return node.script("mlops", "training", f"{login}{OFFSITE}{program}")


def tracked(node: Node, program: str) -> str:
    template = pod_template(node.objects.get("Deployment", "mlops", "mlflow"))
    pod = node.run("mlops", "mlflow", template=commanded(template, ("python", "-c", program)))
    return node.completed(pod, 200)


@pytest.fixture(scope="module")
def platform(place: Path, node: Node) -> Platform:
    """Databases and stores run; of MLflow, its migration and its clients."""
    made = Platform(place).write(SPEC)
    node.apply(made.compile(), without=("mlflow",))
    node.wait(300)
    return made


def told(node: Node, name: str, **variables: str) -> Manifest:
    """The pods of a CronJob, told what `kubectl set env` would tell them."""
    template = deepcopy(node.template("mlops", name))
    for one in (*template["spec"].get("initContainers", ()), *template["spec"]["containers"]):
        one["env"] += [{"name": key, "value": value} for key, value in variables.items()]
    return template


def restored(node: Node, name: str, **variables: str) -> str:
    pod = node.run("mlops", name, template=told(node, name, **variables))
    return node.completed(pod, 200)


def refused(node: Node, name: str, **variables: str) -> str:
    pod = node.run("mlops", name, template=told(node, name, **variables))
    node.until(lambda: pod.failed or pod.finished, 200, [])
    assert pod.failed
    return node.report([pod])


def tables(node: Node) -> int:
    answer = node.execute("mlops", "postgres", "psql", "-U", "postgres", "-Atc", COUNT, "mlflow")
    return int(answer)


def wiped(node: Node, name: str) -> None:
    """The server starts on an empty volume, and its Job makes again what clients claim."""
    node.stop("StatefulSet", "mlops", name)
    for entry in (node.place / "claims" / "mlops" / f"data-{name}-0").iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    server = node.objects.get("StatefulSet", "mlops", name)
    node.objects.found.pop(("StatefulSet", "mlops", name))
    node.apply([server])
    node.wait(120, name)


def test_copies_are_made_by_logins_that_can_only_read(platform: Platform, node: Node) -> None:
    assert "logged" in tracked(node, TRAIN)
    assert "copied 2" in node.completed(node.run("mlops", "postgres-backup"), 200)
    assert "mlflow: 1 objects" in node.completed(node.run("mlops", "seaweedfs-backup"), 200)
    held = node.held("mlops", "postgres-backup")
    write = f"PGPASSWORD={held['password']} psql -h 127.0.0.1 -U {held['username']} mlflow -c 'delete from runs'"
    answer = node.pod("mlops", "postgres").execute("postgres", ("sh", "-c", write))
    assert "permission denied" in answer.stderr


def test_copies_are_encrypted(platform: Platform, node: Node) -> None:
    assert "mlflow.dump" not in offsite(node, LIST)


def test_a_drill_compares_what_it_restores(platform: Platform, node: Node) -> None:
    printed = node.completed(node.run("mlops", "postgres-drill"), 200)
    assert "drill_mlflow is as it was copied at" in printed
    assert " public.runs\n" in printed


def test_what_is_there_is_not_overwritten(platform: Platform, node: Node) -> None:
    before = tables(node)
    assert "mlflow is not empty; REPLACE=yes deletes these tables" in refused(
        node, "postgres-restore"
    )
    assert "mlflow is not empty" in refused(node, "seaweedfs-restore")
    assert tables(node) == before


def test_lost_originals_come_back(platform: Platform, node: Node) -> None:
    before = tables(node)
    for name, job in (("postgres", "postgres-ensure"), ("seaweedfs", "seaweedfs-buckets")):
        wiped(node, name)
        node.again("mlops", job)
    assert tables(node) == 0
    assert "mlflow is as it was copied at" in restored(node, "postgres-restore")
    assert "mlflow is as it was copied at" in restored(node, "seaweedfs-restore")
    assert tables(node) == before
    assert tracked(node, READ).splitlines()[-1] == "0.25 as it was"


def test_a_copy_that_was_cut_off_is_refused_before_anything_is_overwritten(
    platform: Platform, node: Node
) -> None:
    before = tables(node)
    assert "cut off" in offsite(node, CUT)
    refused(node, "postgres-restore", REPLACE="yes")
    assert tables(node) == before
