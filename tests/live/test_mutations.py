"""Every derived reference is broken once, and the work that depends on it must fail.

A reference whose loss nobody notices is one that no test exercises. What is broken: hosts, ports,
databases, names and keys of Secrets, in the pods that make, migrate and use the tracking stack.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from live.mutations import mutants
from live.platforms import Platform
from live.pods.node import Node
from live.pods.pod import Pod

pytestmark = pytest.mark.live

SPEC = """
  components:
    minio: {namespace: storage}
    postgres: {maxConnections: 40}
    pgbouncer: {}
    mlflow: {smoke: false}
  workloads:
    training:
      image: registry.example.internal/training:1.0.0
      command: [python, train.py]
      uses: [mlflow]
"""
# Asks the store as any library does, and as MLflow does.
WORK = """
import boto3, mlflow
boto3.client("s3").list_objects_v2(Bucket="mlflow")
with mlflow.start_run():
    mlflow.log_metric("loss", 0.25)
    mlflow.log_text("written", "note.txt")
"""
JOBS = (
    ("mlops", "postgres-ensure", ()),
    ("mlops", "mlflow-migrate", ()),
    ("storage", "minio-buckets", ()),
    ("mlops", "training", ("python", "-c", WORK)),
)
LINGER = 5.0  # seconds for a mutant that would be as quick as the original


def test_every_broken_reference_is_noticed(place: Path, node: Node) -> None:
    node.apply(Platform(place).write(SPEC).compile())
    node.wait(300)
    broken: dict[str, Pod] = {}
    whole = []
    for namespace, prefix, command in JOBS:
        name = full_name(node, namespace, prefix)
        template = node.template(namespace, name)
        for what, mutant in mutants(template):
            pod = node.run(namespace, name, command=command, template=mutant)
            broken[f"{what} in {prefix}"] = pod
        # Started last: when these are through, the others had their chance.
        whole.append(node.run(namespace, name, command=command))
    node.until(lambda: all(pod.finished for pod in whole), 240, whole)
    time.sleep(LINGER)
    survivors = [what for what, pod in broken.items() if pod.finished]
    print(f"noticed {len(broken) - len(survivors)} of {len(broken)} broken references")
    assert len(broken) >= 30
    assert not survivors


def full_name(node: Node, namespace: str, prefix: str) -> str:
    """A Job's name ends in the hash of its template."""
    return next(
        name
        for space, name, _ in node.objects.of("CronJob", "Job")
        if space == namespace and name.startswith(prefix)
    )
