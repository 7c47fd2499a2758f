"""The tracking stack as processes: PostgreSQL, PgBouncer, MinIO and MLflow do the work they are for."""

from __future__ import annotations

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


@pytest.fixture(scope="module")
def platform(place: Path, node: Node) -> Platform:
    made = Platform(place).write(SPEC)
    node.apply(made.compile())
    return made


def test_everything_becomes_ready(platform: Platform, node: Node) -> None:
    node.wait(240)
    print(node.report())
