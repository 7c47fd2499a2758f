"""The module's first fault: more clients than a PostgreSQL accepts connections.

With the pools as compiled no client notices; past the pooler the same load fails, which shows that
the load is enough to show the difference.
"""

from __future__ import annotations

from itertools import chain

import pytest

from live.bindings import idle
from live.clients import CLIENTS, LOAD, POOLED
from live.platforms import Platform
from live.pods.node import Node
from live.steps import Client, Server, Service
from live.trials import Bench, Broken, judged

pytestmark = pytest.mark.live

CONNECTIONS = 40
SPEC = f"""
  components:
    seaweedfs: {{}}
    postgres: {{maxConnections: {CONNECTIONS}}}
    pgbouncer: {{}}
    mlflow: {{smoke: false, bucket: runs-bucket, database: runs_db}}
"""
ARTIFACTS = "import boto3; boto3.client('s3').list_objects_v2(Bucket='runs-bucket')\n"
# The same number of clients, over MLflow's own interface.
METRICS = """
import json, sys, threading, urllib.request
api = "http://mlflow.mlops.svc.cluster.local:5000/api/2.0/mlflow/"
def call(path, **body):
    data = json.dumps(body).encode()
    request = urllib.request.Request(api + path, data, {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=140))
run = call("runs/create", experiment_id="0")["run"]["info"]["run_id"]
failed = []
def client(number):
    try:
        call("runs/log-metric", run_id=run, key="loss", value=1.0, timestamp=number, step=number)
    except OSError as problem:
        failed.append(str(problem))
threads = [threading.Thread(target=client, args=(number,)) for number in range(int(sys.argv[1]))]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(failed), "failed", *failed[:1])
"""
DIRECT = ("pgbouncer.mlops.svc.cluster.local:6432", "postgres.mlops.svc.cluster.local:5432")


def load(node: Node, load_kind: tuple[str, str]) -> str:
    return node.execute(
        "mlops", "mlflow", "python", "-c", LOAD, str(CLIENTS), *load_kind, timeout=150
    ).strip()


def test_through_the_pooler_none_fails(platform: Platform, node: Node) -> None:
    assert load(node, POOLED).startswith("0 failed")


def test_mlflow_takes_as_many_clients_at_once(platform: Platform, node: Node) -> None:
    printed = node.execute(
        "mlops", "mlflow", "python", "-c", METRICS, str(CLIENTS), timeout=200
    ).strip()
    assert printed == "0 failed"


def test_past_the_pooler_the_same_load_fails(platform: Platform, node: Node) -> None:
    printed = load(node, DIRECT)
    assert int(printed.split()[0]) >= CLIENTS - CONNECTIONS
    assert "clients already" in printed or "remaining connection slots" in printed


# Mutation (trials.py) --------------------------------------------------------------------------

NAMES = {"runs-bucket": "bucket", "runs_db": "database"}
# Objects that the Job makes for others, in an empty store.
FOR_CLIENTS = r"^bucket in the command"


def keys(node: Node) -> str:
    """A program that reads the bucket with its key, and lists all as the administrator."""
    stored_login = node.secret_values("mlops", "seaweedfs-admin")
    key, secret = stored_login["AWS_ACCESS_KEY_ID"], stored_login["AWS_SECRET_ACCESS_KEY"]
    login = f"aws_access_key_id={key!r}, aws_secret_access_key={secret!r}"
    return f"{ARTIFACTS}boto3.client('s3', {login}).list_buckets()"


def test_every_broken_reference_of_seaweedfs_is_noticed(platform: Platform, node: Node) -> None:
    bench, server = Bench(node, NAMES), Server("seaweedfs", kind="StatefulSet")
    filling, using = Client("seaweedfs-buckets"), Client("mlflow", keys(node))
    filled = bench.row(Broken(server), Broken(filling, only=FOR_CLIENTS), using)
    users = {Service("seaweedfs"): using, Service("seaweedfs-headless"): filling}
    job_row = bench.row(Broken(filling, without=FOR_CLIENTS))
    judged(chain(filled, job_row, bench.services(users), bench.probes()))


def test_every_binding_was_used(platform: Platform, node: Node) -> None:
    # Metrics alone don't ask the store; the server's work for an artefact does.
    node.execute("mlops", "mlflow", "python", "-c", ARTIFACTS, timeout=60)
    assert idle(SPEC, node) == []
