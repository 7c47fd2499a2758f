"""Every derived reference is broken once, and the work that depends on it must fail.

A reference whose loss nobody notices is one that no test exercises. What is broken: hosts, ports,
users, names of databases, buckets and projects, Secrets and their keys, in the variables, words and
files of the pods that serve, fill and use what the platform holds. A client's work is run with each
mutant of its own pod; a mutant of a server stands beside the others, and its clients are sent there.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from live.mutations import Breaker, Mutant
from live.platforms import Platform
from live.pods.node import Node, commanded
from live.pods.objects import Manifest, pod_template
from live.pods.pod import Pod
from live.test_data import PUSH, REPOSITORY, S3

pytestmark = pytest.mark.live

NAMES = {
    "runs-bucket": "bucket", "runs_db": "database",
    "versions-bucket": "bucket", "versions_db": "database",
    "labels-bucket": "bucket",
}  # fmt: skip
SPEC = """
  components:
    minio: {namespace: storage}
    postgres: {maxConnections: 150}
    pgbouncer: {}
    mlflow: {smoke: false, bucket: runs-bucket, database: runs_db}
    lakefs: {bucket: versions-bucket, database: versions_db, repositories: {curated-data: {}}}
    dvc: {remotes: {labels: {bucket: labels-bucket}}}
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

LOG = """
import boto3, json, mlflow, os, urllib.request, uuid
boto3.client("s3").list_objects_v2(Bucket="runs-bucket")
mlflow.set_experiment(uuid.uuid4().hex)
with mlflow.start_run() as run:
    mlflow.log_metric("loss", 0.25)
    mlflow.log_text("written", "note.txt")
listing = "/api/2.0/mlflow/artifacts/list?run_id=" + run.info.run_id
answer = json.load(urllib.request.urlopen(os.environ["MLFLOW_TRACKING_URI"] + listing))
assert answer["files"][0]["path"] == "note.txt", answer
"""
REFRESH = f"""{S3}
import subprocess
s3.put_object(Bucket="curated-data", Key="main/orders.csv", Body=b"1")
assert s3.get_object(Bucket="curated-data", Key="main/orders.csv")["Body"].read() == b"1"
subprocess.run(("lakectl", "diff", "lakefs://curated-data/main"), check=True)
"""
LABEL = f"""{S3}
s3.list_objects_v2(Bucket="labels-bucket")
{REPOSITORY}{PUSH}"""
POOLED = """
import os, psycopg2
uri = os.environ["MLFLOW_BACKEND_STORE_URI"].replace("+psycopg2", "")
psycopg2.connect(uri).cursor().execute("select count(*) from experiments")
"""


@dataclass(frozen=True)
class Client:
    """A pod's work: its own command, or a program in its place."""

    workload: str
    program: str = ""
    namespace: str = "mlops"


@dataclass(frozen=True)
class Server:
    """A server, and the work that shows that it is whole."""

    name: str
    client: Client


REFRESHING, LABELLING = Client("refresh", REFRESH), Client("label", LABEL)
CLIENTS = (
    Client("postgres-ensure"), Client("minio-buckets", namespace="storage"),
    Client("mlflow-migrate"), Client("training", LOG), REFRESHING, LABELLING,
)  # fmt: skip
SERVERS = (Server("pgbouncer", Client("mlflow", POOLED)), Server("lakefs", REFRESHING))
# What the Jobs that fill a server make for others: broken, it would break the platform of the test.
MADE = re.compile(
    r"Secret in (ROLE|PASSWORD|ACCESS_KEY|SECRET_KEY)_\d|in (ensure\.sql|buckets\.sh|\S+\.json)$"
)
# Given to a pod, and nothing that it does here depends on it.
IDLE = {
    "lakefs: Secret in LAKEFS_BLOCKSTORE_SIGNING_SECRET_KEY of lakefs":
        "it signs links to the store, which are turned off",
}  # fmt: skip

TOGETHER = 8  # mutants at a time
LINGER = 4.0  # seconds for a mutant that would be as quick as the original


def test_every_broken_reference_is_noticed(place: Path, node: Node) -> None:
    node.apply(Platform(place).write(SPEC).compile())
    node.wait(300)
    survivors, count = [], 0
    for what, noticed in trials(node):
        count += 1
        survivors += [] if noticed else [what]
    print(f"noticed {count - len(survivors)} of {count} broken references")
    assert count >= 70
    assert set(survivors) == IDLE.keys()


def trials(node: Node) -> Iterator[tuple[str, bool]]:
    """Each broken reference, and whether it was noticed."""
    for client in CLIENTS:
        template = doing(node, client)
        for batch in batches(mutants(node, client, template)):
            yield from _clients(node, client, template, batch)
    for server in SERVERS:
        template = pod_template(node.objects.get("Deployment", "mlops", server.name))
        breaker = Breaker(node.objects, "mlops", NAMES)
        for batch in batches(list(breaker.mutants(template))):
            yield from _servers(node, server, template, batch)


def mutants(node: Node, client: Client, template: Manifest) -> list[Mutant]:
    breaker = Breaker(node.objects, client.namespace, NAMES)
    found = [one for one in breaker.mutants(template) if not MADE.search(one.what)]
    if client is LABELLING:  # what its repository holds is no part of the pod
        found += [
            Mutant(f"{what} in .dvc/config", labelling(template, client, config))
            for what, config in breaker.texts(dvc_config(node))
        ]
    return found


def dvc_config(node: Node) -> str:
    return node.objects.data("ConfigMap", "mlops", "dvc")["config"].decode()


def labelling(template: Manifest, client: Client, config: str) -> Manifest:
    return commanded(template, ("python", "-c", f"CONFIG = {config!r}\n{client.program}"))


def batches(all: list[Mutant]) -> Iterator[list[Mutant]]:
    for index in range(0, len(all), TOGETHER):
        yield all[index : index + TOGETHER]


def doing(node: Node, client: Client) -> Manifest:
    """The pod template of a client, doing its work."""
    template = next(
        pod_template(one)
        for space, name, one in node.objects.of("CronJob", "Deployment", "Job")
        if space == client.namespace and name.startswith(client.workload)
    )
    if client is LABELLING:
        return labelling(template, client, dvc_config(node))
    return commanded(template, ("python", "-c", client.program)) if client.program else template


def _clients(
    node: Node, client: Client, template: Manifest, batch: list[Mutant]
) -> Iterator[tuple[str, bool]]:
    broken = [_run(node, client, mutant) for mutant in batch]
    # Started last: when it is through, the others had their chance.
    whole = node.run(client.namespace, client.workload, template=template)
    node.until(lambda: whole.finished, 240, [whole])
    linger(broken)
    for mutant, pod in zip(batch, broken, strict=True):
        yield f"{client.workload}: {mutant.what}", not pod.finished
    stop(node, [*broken, whole])


def _run(node: Node, client: Client, mutant: Mutant) -> Pod:
    node.objects.apply(mutant.objects)
    return node.run(client.namespace, client.workload, template=mutant.template)


def _servers(
    node: Node, server: Server, template: Manifest, batch: list[Mutant]
) -> Iterator[tuple[str, bool]]:
    for mutant in batch:
        node.objects.apply(mutant.objects)
    broken = [node.serve("mlops", server.name, mutant.template) for mutant in batch]
    whole = node.serve("mlops", server.name, template)
    node.until(lambda: whole.ready, 240, [whole])
    time.sleep(LINGER)
    asked = {pod.index: ask(node, server, pod) for pod in broken if pod.ready}
    answer = ask(node, server, whole)
    node.until(lambda: answer.finished, 240, [answer])
    linger(asked.values())
    for mutant, pod in zip(batch, broken, strict=True):
        served = pod.index in asked and asked[pod.index].finished
        yield f"{server.name}: {mutant.what}", not served
    stop(node, [*broken, whole, answer, *asked.values()])


def ask(node: Node, server: Server, pod: Pod) -> Pod:
    """The work of a server's client, sent to one pod."""
    instead = {f"{server.name}.mlops.svc.cluster.local": pod.address}
    template = doing(node, server.client)
    return node.run("mlops", server.client.workload, template=template, instead=instead)


def linger(pods: Collection[Pod]) -> None:
    """Until all have failed, or for as long as a straggler may need."""
    deadline = time.monotonic() + LINGER
    while time.monotonic() < deadline and not all(pod.failed for pod in pods):
        time.sleep(0.2)


def stop(node: Node, pods: list[Pod]) -> None:
    for pod in pods:
        node.stop(pod.owner["kind"], pod.namespace, pod.owner["metadata"]["name"])
