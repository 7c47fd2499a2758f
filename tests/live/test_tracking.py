"""The tracking stack as processes: PostgreSQL, PgBouncer, MinIO and MLflow do what they are for.

The tests build on each other, as the days of a platform do: it starts, works, grows, and changes
its passwords.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from live.platforms import Platform
from live.pods.node import Node

pytestmark = pytest.mark.live

SPEC = """
  components:
    minio: {namespace: storage}
    postgres: {maxConnections: 40}
    pgbouncer: {}
    mlflow: {}
  workloads:
    training:
      image: registry.example.internal/training:1.0.0
      command: [python, train.py]
      uses: [mlflow]
"""
GROWN = SPEC.replace("uses: [mlflow]", "uses: [mlflow, postgres, minio]")

ROWS = """
import os, psycopg2
uri = os.environ["MLFLOW_BACKEND_STORE_URI"].replace("+psycopg2", "")
assert "@pgbouncer." in uri
with psycopg2.connect(uri) as connection, connection.cursor() as cursor:
    cursor.execute("select r.status, p.value, m.value from runs r"
                   " join params p using (run_uuid) join metrics m using (run_uuid)")
    print(cursor.fetchall())
"""
OBJECTS = """
import boto3
s3 = boto3.client("s3")
for one in s3.list_objects_v2(Bucket="mlflow").get("Contents", ()):
    print(one["Key"], s3.get_object(Bucket="mlflow", Key=one["Key"])["Body"].read())
"""
LISTED = """
import boto3, botocore, json, sys
key = {name.lower(): value for name, value in json.loads(sys.argv[1]).items()}
try:
    found = boto3.client("s3", **key).list_objects_v2(Bucket="mlflow")
    print([one["Key"] for one in found["Contents"]])
except botocore.exceptions.ClientError as problem:
    print(problem.response["Error"]["Code"])
"""
FOREIGN = """
import boto3, botocore
try:
    boto3.client("s3").create_bucket(Bucket="elsewhere")
    print("made")
except botocore.exceptions.ClientError as problem:
    print(problem.response["Error"]["Code"])
"""
LOG_A_RUN = """
import mlflow
with mlflow.start_run():
    mlflow.log_metric("loss", 0.25)
    mlflow.log_text("from a training pod", "note.txt")
print("logged")
"""
OWN_DATABASE = """
import os, psycopg2
with psycopg2.connect("") as connection, connection.cursor() as cursor:
    cursor.execute("create table kept (value int)")
    cursor.execute("insert into kept values (7)")
    cursor.execute("select value, current_database(), current_user, tableowner from kept, pg_tables"
                   " where tablename = 'kept'")
    print(os.environ["PGHOST"], *cursor.fetchone())
"""


@pytest.fixture(scope="module")
def platform(place: Path, node: Node) -> Platform:
    made = Platform(place).write(SPEC)
    node.apply(made.compile())
    node.wait(300)
    return made


def job(node: Node, name: str) -> str:
    """The workload whose name starts with one; the rest of it is the hash of its template."""
    found = [str(pod.owner["metadata"]["name"]) for pod in node.all_pods()]
    return next(one for one in found if one.startswith(name))


def train(node: Node, script: str) -> str:
    """What a script prints in a pod of the workload `training`, with its environment as compiled."""
    pod = node.run("mlops", "training", command=("python", "-c", script))
    node.until(lambda: pod.finished, 120, [pod])
    return node.output(pod)


def test_the_smoke_job_logs_its_run(platform: Platform, node: Node) -> None:
    assert "Run logged successfully!" in node.output(node.pod("mlops", job(node, "mlflow-smoke")))


def test_the_run_is_a_row_read_through_pgbouncer(platform: Platform, node: Node) -> None:
    rows = node.execute("mlops", "mlflow", "python", "-c", ROWS)
    assert "('FINISHED', '0.01', 0.95)" in rows


def test_the_artefact_is_in_the_bucket(platform: Platform, node: Node) -> None:
    found = node.execute("mlops", "mlflow", "python", "-c", OBJECTS)
    assert "artifacts/model.txt b'dummy model weights'" in found


def test_a_key_opens_nothing_but_its_claim(platform: Platform, node: Node) -> None:
    assert node.execute("mlops", "mlflow", "python", "-c", FOREIGN).strip() == "AccessDenied"


def test_a_training_pod_logs_with_what_it_was_given(platform: Platform, node: Node) -> None:
    assert "logged" in train(node, LOG_A_RUN)
    assert "note.txt b'from a training pod'" in node.execute(
        "mlops", "mlflow", "python", "-c", OBJECTS
    )


def test_a_database_and_a_bucket_added_later_appear_on_the_old_volume(
    platform: Platform, node: Node
) -> None:
    node.apply(platform.write(GROWN).compile())
    node.wait(200)
    printed = train(node, OWN_DATABASE)
    host = "postgres.mlops.svc.cluster.local"
    assert f"{host} 7 training training_owner training_owner" in printed
    assert "FINISHED" in node.execute("mlops", "mlflow", "python", "-c", ROWS)


def test_credentials_rotate(platform: Platform, node: Node) -> None:
    name = "mlflow-backend-store"
    before = {json.dumps(one) for one in platform.secrets()}
    platform.generate("--rotate", name)
    after = [one for one in platform.secrets() if json.dumps(one) not in before]
    assert {one["metadata"]["name"] for one in after} == {name}
    node.apply(after)
    node.restart("Job", "mlops", job(node, "postgres-ensure"))
    node.wait(60, job(node, "postgres-ensure"))
    for server in ("pgbouncer", "mlflow"):
        node.restart("Deployment", "mlops", server)
    node.wait(120)
    assert "FINISHED" in node.execute("mlops", "mlflow", "python", "-c", ROWS)
    assert "logged" in train(node, LOG_A_RUN)


def test_a_key_that_was_changed_opens_nothing_any_more(platform: Platform, node: Node) -> None:
    name, storage = "mlflow-artifacts", "storage"
    (old,) = {json.dumps(one["stringData"]) for one in platform.secrets()
              if one["metadata"]["name"] == name}  # fmt: skip
    assert "artifacts/model.txt" in node.execute("mlops", "mlflow", "python", "-c", LISTED, old)
    platform.generate("--rotate", name)
    node.apply([one for one in platform.secrets() if one["metadata"]["name"] == name])
    node.restart("Job", storage, job(node, "minio-buckets"))
    node.wait(60, job(node, "minio-buckets"))
    node.restart("Deployment", "mlops", "mlflow")
    node.wait(120)
    assert "InvalidAccessKeyId" in node.execute("mlops", "mlflow", "python", "-c", LISTED, old)
    assert "artifacts/model.txt" in node.execute("mlops", "mlflow", "python", "-c", OBJECTS)
