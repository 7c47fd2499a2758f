"""lakeFS keeps its branches and commits while first its bucket and then its database move to another back end."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest

from live.data import REFRESH, S3
from live.platforms import Manifest, Platform
from live.pods.node import Node

pytestmark = pytest.mark.live

LAKEFS = """
    lakefs: {repositories: {datasets: {}, features: {defaultBranch: trunk}}}
  workloads:
    refresh:
      image: registry.example.internal/data:1.0.0
      command: [python, refresh.py]
      uses: [lakefs]
"""
POSTGRES = "\n    postgres: {maxConnections: 60}"
SUCCESSOR = f"{POSTGRES}\n    successor: {{type: postgres, maxConnections: 60}}"
STORES = "\n    minio: {}\n    seaweedfs: {}"
BEFORE = f"\n  components:\n    minio: {{}}{POSTGRES}{LAKEFS}"
# The moves as they follow each other: which, and the components meanwhile.
MOVES = (
    ("{from: minio, to: seaweedfs", f"{STORES}{POSTGRES}"),
    ("{from: postgres, to: successor", f"\n    seaweedfs: {{}}{SUCCESSOR}"),
)
AFTER = "\n  components:\n    seaweedfs: {}\n    successor: {type: postgres, maxConnections: 60}"
READ = f"""{S3}
import subprocess
for branch in ("main", "next"):
    print(branch, s3.get_object(Bucket="datasets", Key=branch + "/orders.csv")["Body"].read())
s3.put_object(Bucket="datasets", Key="next/later.csv", Body=b"third")
words = ("lakectl", "log", "lakefs://datasets/main", "--amount", "1")
print(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
"""


def job(node: Node, **variables: str) -> str:
    template: Manifest = deepcopy(node.template("mlops", "move"))
    (container,) = template["spec"]["containers"]
    container["env"] += [{"name": key, "value": text} for key, text in variables.items()]
    return node.completed(node.run("mlops", "move", template=template), 200)


def deliver(platform: Platform, node: Node, spec: str) -> None:
    node.apply(platform.write(spec).compile())
    node.wait(300)


def test_lakefs_follows_its_bucket_and_its_database(node: Node, folder: Path) -> None:
    platform = Platform(folder)
    deliver(platform, node, BEFORE)
    assert "main b'first'" in node.script("mlops", "refresh", REFRESH)
    for move, components in MOVES:
        rest = f"\n  components:{components}{LAKEFS}"
        deliver(platform, node, f"\n  move: {move}}}{rest}")
        job(node)
        node.stop("Deployment", "mlops", "lakefs")
        assert " in " in job(node, FREEZE="yes")
        deliver(platform, node, f"\n  move: {move}, cutOver: true}}{rest}")
        node.restart("Deployment", "mlops", "lakefs")
        node.wait(120)
        printed = node.script("mlops", "refresh", READ)
        assert "main b'first'" in printed
        assert "next b'second'" in printed
        assert "orders" in printed
    # The end: the old instances are gone.
    deliver(platform, node, f"{AFTER}{LAKEFS}")
    for kind, name in (("StatefulSet", "minio"), ("StatefulSet", "postgres")):
        node.stop(kind, "mlops", name)
    node.restart("Deployment", "mlops", "lakefs")
    node.wait(120, "lakefs")
    assert "next b'second'" in node.script("mlops", "refresh", READ)
