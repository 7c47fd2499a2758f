"""The tracking stack as processes: PostgreSQL, PgBouncer, MinIO and MLflow do their work.

The tests build on each other, as the days of a platform do: it starts, works, grows, and changes
its passwords.
"""

from __future__ import annotations

import pytest

from live.bindings import idle
from live.plans import follow
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
for entry in s3.list_objects_v2(Bucket="mlflow").get("Contents", ()):
    print(entry["Key"], s3.get_object(Bucket="mlflow", Key=entry["Key"])["Body"].read())
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

REFUSED = "authentication failed"  # PgBouncer's word for it, and the end of PostgreSQL's
PORTS = {"pgbouncer": 6432, "postgres": 5432}


def login(database: str, variables: dict[str, str]) -> str:
    """A program that logs in to MLflow's database with the values of a Secret."""
    return f"""
import psycopg2
try:
    psycopg2.connect(
        host="{database}.mlops.svc.cluster.local", port={PORTS[database]}, dbname="mlflow",
        user={variables["username"]!r}, password={variables["password"]!r},
    )
    print("let in")
except psycopg2.OperationalError as problem:
    print(problem)
"""


def opened(variables: dict[str, str]) -> str:
    """A program that lists MLflow's bucket with a key that a Secret held."""
    return f"""
import boto3, botocore
s3 = boto3.client(
    "s3", aws_access_key_id={variables["AWS_ACCESS_KEY_ID"]!r},
    aws_secret_access_key={variables["AWS_SECRET_ACCESS_KEY"]!r},
)
try:
    s3.list_objects_v2(Bucket="mlflow")
    print("let in")
except botocore.exceptions.ClientError as problem:
    print(problem.response["Error"]["Code"])
"""


def test_the_smoke_job_logs_its_run(platform: Platform, node: Node) -> None:
    assert "Run logged successfully!" in node.output(
        node.pod("mlops", node.named("mlops", "mlflow-smoke"))
    )


def test_the_run_is_a_row_read_through_pgbouncer(platform: Platform, node: Node) -> None:
    rows = node.execute("mlops", "mlflow", "python", "-c", ROWS)
    assert "('FINISHED', '0.01', 0.95)" in rows


def test_the_artefact_is_in_the_bucket(platform: Platform, node: Node) -> None:
    actual = node.execute("mlops", "mlflow", "python", "-c", OBJECTS)
    assert "artifacts/model.txt b'dummy model weights'" in actual


def test_a_key_opens_nothing_but_its_claim(platform: Platform, node: Node) -> None:
    assert node.execute("mlops", "mlflow", "python", "-c", FOREIGN).strip() == "AccessDenied"


def test_a_training_pod_logs_with_what_it_was_given(platform: Platform, node: Node) -> None:
    assert "logged" in node.script("mlops", "training", LOG_A_RUN)
    assert "note.txt b'from a training pod'" in node.execute(
        "mlops", "mlflow", "python", "-c", OBJECTS
    )


def test_a_database_and_a_bucket_added_later_appear_on_the_old_volume(
    platform: Platform, node: Node
) -> None:
    node.apply(platform.write(GROWN).compile())
    node.wait(200)
    printed = node.script("mlops", "training", OWN_DATABASE)
    host = "postgres.mlops.svc.cluster.local"
    assert f"{host} 7 training training_owner training_owner" in printed
    assert "FINISHED" in node.execute("mlops", "mlflow", "python", "-c", ROWS)


def rotated(platform: Platform, node: Node, namespace: str, secret: str) -> dict[str, str]:
    """The old values of a Secret, after all that its rotation's plan says was done."""
    old = node.secret_values(namespace, secret)
    follow(platform.rotation(secret), platform, node)
    new = node.secret_values(namespace, secret)
    assert new.keys() == old.keys()
    assert new != old
    return old


def test_a_databases_password_rotates(platform: Platform, node: Node) -> None:
    old = node.secret_values("mlops", "mlflow-backend-store")
    for database in PORTS:
        assert "let in" in node.script("mlops", "training", login(database, old))
    assert old == rotated(platform, node, "mlops", "mlflow-backend-store")
    assert "FINISHED" in node.execute("mlops", "mlflow", "python", "-c", ROWS)
    assert "logged" in node.script("mlops", "training", LOG_A_RUN)
    for database in PORTS:
        assert REFUSED in node.script("mlops", "training", login(database, old))


def test_the_superusers_password_rotates(platform: Platform, node: Node) -> None:
    old = node.secret_values("mlops", "postgres-superuser")
    assert "let in" in node.script("mlops", "training", login("postgres", old))
    assert old == rotated(platform, node, "mlops", "postgres-superuser")
    node.rerun("mlops", "postgres-ensure")
    assert REFUSED in node.script("mlops", "training", login("postgres", old))


def test_a_key_of_the_store_rotates(platform: Platform, node: Node) -> None:
    old = node.secret_values("mlops", "mlflow-artifacts")
    assert "let in" in node.script("mlops", "training", opened(old))
    assert rotated(platform, node, "mlops", "mlflow-artifacts") == old
    assert "artifacts/model.txt" in node.execute("mlops", "mlflow", "python", "-c", OBJECTS)
    assert "InvalidAccessKeyId" in node.script("mlops", "training", opened(old))


def test_the_stores_own_key_rotates(platform: Platform, node: Node) -> None:
    rotated(platform, node, "storage", "minio-root")
    assert "logged" in node.script("mlops", "training", LOG_A_RUN)


def test_every_binding_was_used(platform: Platform, node: Node) -> None:
    assert idle(GROWN, node) == []
