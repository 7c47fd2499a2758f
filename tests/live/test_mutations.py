"""Every derived reference is broken once, and the work that depends on it must fail.

A reference that can be lost unnoticed is one that no test exercises. The broken references: hosts, ports,
users, names of databases, buckets and projects, Secrets and their keys, in the variables, words and
files of the pods that serve, fill and use the platform's servers (trials.py says how). Feast and
Redis are broken where they run, in test_features.py and test_warehouse.py.
"""

from __future__ import annotations

import json
from itertools import chain

import pytest

from live import policies
from live.bindings import graph
from live.data import PUSH, REGIONS, REPOSITORY, S3, SIGNED, SITE_REGION
from live.platforms import Platform
from live.pods.node import Node
from live.steps import Client, Server, Service
from live.trials import NO_FAULT, Bench, Broken, judged

pytestmark = [pytest.mark.live, pytest.mark.soak]

NAMES = {
    "runs-bucket": "bucket", "runs_db": "database",
    "versions-bucket": "bucket", "versions_db": "database",
    "labels-bucket": "bucket",
}  # fmt: skip
SPEC = f"""
  components:
    minio:
      namespace: storage{SITE_REGION}
    postgres: {{maxConnections: 150}}
    pgbouncer: {{}}
    mlflow: {{smoke: false, bucket: runs-bucket, database: runs_db, workers: 1}}
    lakefs: {{bucket: versions-bucket, database: versions_db, repositories: {{curated-data: {{}}}}}}
    dvc: {{externalEndpoint: "http://store.ml.example.internal:8333", remotes: {{labels: {{bucket: labels-bucket}}}}}}
  workloads:
    training:
      image: registry.example.internal/training:1.0.0
      command: [python, train.py]
      uses: [mlflow]
    refresh:
      image: registry.example.internal/data:1.0.0
      command: [python, refresh.py]
      uses: [lakefs]
    label:
      image: registry.example.internal/data:1.0.0
      command: [python, label.py]
      uses: [dvc]
"""

CONSOLE = """
import urllib.request
urllib.request.urlopen("http://minio.storage.svc.cluster.local:9001")
"""
LISTED = f"""
BUCKET = "runs-bucket"{REGIONS}
import boto3
s3 = boto3.client("s3")
s3.list_objects_v2(Bucket="runs-bucket"){SIGNED}"""
LOG = f"""{LISTED}
import json, mlflow, os, urllib.parse, urllib.request, uuid
mlflow.set_experiment(uuid.uuid4().hex)
with mlflow.start_run() as run:
    mlflow.log_metric("loss", 0.25)
    mlflow.log_text("written", "note.txt")
listing = "/api/2.0/mlflow/artifacts/list?run_id=" + run.info.run_id
uri = os.environ["MLFLOW_TRACKING_URI"]
# A proxy in between may name the host without its port.
host = urllib.parse.urlsplit(uri)
for named in (host.netloc, host.hostname):
    request = urllib.request.Request(uri + listing, headers={{"Host": named}})
    answer = json.load(urllib.request.urlopen(request))
    assert answer["files"][0]["path"] == "note.txt", answer
"""
REFRESH = f"""{S3}{SIGNED}
BUCKET = "curated-data"{REGIONS}import subprocess
s3.put_object(Bucket="curated-data", Key="main/orders.csv", Body=b"1")
assert s3.get_object(Bucket="curated-data", Key="main/orders.csv")["Body"].read() == b"1"
subprocess.run(("lakectl", "diff", "lakefs://curated-data/main"), check=True)
"""
LABEL = f"""{S3}{SIGNED}
BUCKET = "labels-bucket"{REGIONS}{REPOSITORY}{PUSH}"""
ALIVE = """
import os, urllib.request
urllib.request.urlopen(os.environ["MLFLOW_TRACKING_URI"] + "/health")
"""
POOLED = """
import os, psycopg2
uri = os.environ["MLFLOW_BACKEND_STORE_URI"].replace("+psycopg2", "")
psycopg2.connect(uri).cursor().execute("select count(*) from experiments")
"""
# The use of its variables by MLflow's server, without the ten seconds that it takes to start.
STORE_USE = f"""{POOLED}{LISTED}
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
get_artifact_repository(os.environ["MLFLOW_DEFAULT_ARTIFACT_ROOT"]).list_artifacts()
"""
# An address that one of lakeFS' servers has signed is one for the others, too.
LINK = """
import base64, json, os, urllib.request

key = ":".join(os.environ[f"LAKECTL_CREDENTIALS_{part}"] for part in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"))
login = {"Authorization": "Basic " + base64.b64encode(key.encode()).decode()}
path = "/api/v1/repositories/curated-data/branches/main/staging/backing?path=linked.csv"

def ask(server, **more):
    headers = {**login, "Content-Type": "application/json"}
    return json.load(urllib.request.urlopen(urllib.request.Request(server + path, headers=headers, **more)))

staging = ask(SERVER)
body = {"staging": staging, "checksum": "0", "size_bytes": 1}
ask(os.environ["LAKECTL_SERVER_ENDPOINT_URL"], method="PUT", data=json.dumps(body).encode())
"""
CLIENTS = (
    Client("mlflow-migrate"), Client("training", LOG), Client("refresh", REFRESH),
    Client("label", LABEL, repository="dvc"),
)  # fmt: skip
# lakeFS takes any region, and DVC the one that an answer names. The address in .dvc/config is for
# laptops: in a pod, config.local names another.
UNUSED = {"refresh": r"^region ", "label": r"^(region|port) in \.dvc/config$"}
POSTGRES = Server("postgres", kind="StatefulSet")
DATABASES = Client("postgres-ensure")
MINIO = Server("minio", kind="StatefulSet", namespace="storage")
BUCKETS = Client("minio-buckets", namespace="storage")
SETUP = Client("lakefs-setup")
# References that only MLflow's server looks at: its providers, its address, its clients.
LISTENING = r"of schema$|in MLFLOW_(PORT|SERVER_ALLOWED_HOSTS)"
# Browsers alone say an origin, and no client of these tests is a browser.
BROWSING = r"in MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"
# Objects that the Jobs that fill a server make for others: broken, it would break the platform of the test.
FOR_CLIENTS = r"^Secret in (ROLE|PASSWORD|ACCESS_KEY|SECRET_KEY)_\w+ of (ensure|buckets)$|in (ensure\.sql|buckets\.sh|\S+\.json)$"
# The needs of lakeFS' setup where there is nothing yet.
FIRST = r"^Secret in LAKEFS_AUTH_ENCRYPT_SECRET_KEY|in setup\.sh$"


def logins(node: Node) -> str:
    """A program that makes a table in every database, with the login that the Job made."""
    created = "import psycopg2"
    for binding in graph(SPEC).bindings:
        database = getattr(binding.claim, "database", None)
        if database and binding.provider.name == "postgres":
            login = node.secret_values("mlops", binding.secret)
            created += f"""
login = dict(user={login["username"]!r}, password={login["password"]!r}, dbname={database!r})
with psycopg2.connect(host="postgres.mlops.svc.cluster.local", **login) as connection:
    connection.cursor().execute("create table tried (it int)")
"""
    return created


def keys(node: Node) -> str:
    """A program that lists every bucket of every key that was made for it."""
    created = "import boto3"
    policies = node.objects.get("ConfigMap", "storage", "minio-buckets")["data"]
    for file, text in policies.items():
        if file.endswith(".json"):
            data = node.secret_values("storage", file.removesuffix(".json"))
            words = chain.from_iterable(
                statement["Resource"] for statement in json.loads(text)["Statement"]
            )
            buckets = sorted({word.rpartition(":")[2].partition("/")[0] for word in words})
            created += f"""
key, secret = {data["AWS_ACCESS_KEY_ID"]!r}, {data["AWS_SECRET_ACCESS_KEY"]!r}
s3 = boto3.client("s3", aws_access_key_id=key, aws_secret_access_key=secret)
for bucket in {buckets!r}:
    s3.list_objects_v2(Bucket=bucket)
"""
    return created


@pytest.mark.parametrize("client", CLIENTS, ids=lambda live_client: live_client.name)
def test_clients(platform: Platform, node: Node, client: Client) -> None:
    without = UNUSED.get(client.name, NO_FAULT)
    judged(Bench(node, NAMES).row(Broken(client, without=without)))


def test_databases(platform: Platform, node: Node) -> None:
    bench, users = Bench(node, NAMES), Client("mlflow-migrate", logins(node))
    filled = bench.row(Broken(POSTGRES), Broken(DATABASES, only=FOR_CLIENTS), users)
    judged(chain(filled, bench.row(Broken(DATABASES, without=FOR_CLIENTS))))


def test_buckets(platform: Platform, node: Node) -> None:
    bench, users = Bench(node, NAMES), Client("training", keys(node) + CONSOLE)
    filled = bench.row(
        Broken(MINIO, without="MINIO_SITE_REGION"), Broken(BUCKETS, only=FOR_CLIENTS), users
    )
    judged(chain(filled, bench.row(Broken(BUCKETS, without=FOR_CLIENTS))))


def test_pgbouncer(platform: Platform, node: Node) -> None:
    judged(Bench(node, NAMES).row(Broken(Server("pgbouncer")), Client("mlflow", POOLED)))


def test_lakefs(platform: Platform, node: Node) -> None:
    address = f"http://{node.discovery.addresses['mlops', 'lakefs']}:8000"
    writing = Client("refresh", f"SERVER = {address!r}{REFRESH}{LINK}")
    # The container that waits for the database decrypts nothing.
    waiting_pattern = r"^Secret in LAKEFS_AUTH_ENCRYPT_SECRET_KEY of database$"
    judged(Bench(node, NAMES).row(Broken(Server("lakefs"), without=waiting_pattern), writing))


def test_the_setup_of_lakefs(platform: Platform, node: Node) -> None:
    bench, writing = Bench(node, NAMES), Client("refresh", REFRESH)
    empty = (POSTGRES, DATABASES, MINIO, BUCKETS, Server("lakefs"))
    created = bench.row(*empty, Broken(SETUP, only=FIRST), writing)
    judged(chain(created, bench.row(Broken(SETUP, without=FIRST))))


def test_mlflows_server(platform: Platform, node: Node) -> None:
    bench = Bench(node, NAMES)
    store_row = bench.row(Broken(Client("mlflow", STORE_USE), without=f"{LISTENING}|{BROWSING}"))
    server = Broken(Server("mlflow"), only=LISTENING)
    judged(chain(store_row, bench.row(server, Client("training", LOG))))


def test_services_and_probes(platform: Platform, node: Node) -> None:
    bench = Bench(node, NAMES)
    users = {
        Service("minio", "storage"): Client("training", LISTED + CONSOLE),
        Service("postgres"): Client("mlflow-migrate", POOLED),
        Service("pgbouncer"): Client("mlflow", POOLED),
        Service("lakefs"): Client("refresh", REFRESH),
        Service("mlflow"): Client("training", ALIVE),
    }
    judged(chain(bench.services(users), bench.probes()))


def test_every_broken_policy_is_noticed(platform: Platform, node: Node) -> None:
    judged(policies.trials(node))
