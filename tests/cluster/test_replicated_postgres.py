"""CloudNativePG runs the servers that MLflow logs to, and replaces a primary that is lost."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cluster.node import Node
from cluster.platforms import deliver

pytestmark = [pytest.mark.live, pytest.mark.cluster, pytest.mark.soak]

# PostgreSQL 17, which Debian has; CloudNativePG's own images of 18 cannot be had here.
SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: replicated}
spec:
  components:
    seaweedfs: {storage: 2Gi}
    cloudnative-pg:
      image: ghcr.io/cloudnative-pg/postgresql:17.9-system-trixie
      replicas: 2
      storage: 1Gi
    pgbouncer: {}
    mlflow: {workers: 1}
"""
CLIENT = """\
import mlflow, sys
mlflow.set_tracking_uri("http://127.0.0.1:5000")
mlflow.create_experiment(sys.argv[1])
print(mlflow.search_runs(search_all_experiments=True).shape[0])
"""


@pytest.fixture(scope="module")
def platform(node: Node, folder: Path) -> Node:
    deliver(node, folder, SPEC)
    return node


def test_mlflow_logs_a_run_to_the_operators_servers(platform: Node) -> None:
    platform.until_complete("mlops", "app.kubernetes.io/instance=mlflow-smoke", 600)
    logs = ("logs", "-n", "mlops", "-l", "app.kubernetes.io/instance=mlflow-smoke")
    assert "Run logged successfully!" in platform.kubectl(*logs)
    cluster = platform.get("cluster", "cloudnative-pg", "-n", "mlops")
    assert cluster["status"]["readyInstances"] == 2


def test_mlflow_writes_again_after_the_primary_is_lost(platform: Node) -> None:
    lost = _primary(platform)
    platform.kubectl("delete", "pod", lost, "-n", "mlops", "--grace-period=0", "--force")
    start = time.monotonic()
    platform.until(lambda: _primary(platform) != lost, "other primary", 180)
    platform.until(lambda: _writes(platform, f"e{time.monotonic()}"), "write of MLflow", 300)
    print(f"MLflow wrote {time.monotonic() - start:.0f} s after the loss of the primary")
    platform.until_well(300)


def _primary(node: Node) -> str:
    return str(node.get("cluster", "cloudnative-pg", "-n", "mlops")["status"]["currentPrimary"])


def _writes(node: Node, experiment: str) -> bool:
    """MLflow makes an experiment, and still has the run that was logged before."""
    words = ("deployment/mlflow", "--", "python", "-c", CLIENT, experiment)
    result = node.ask("exec", "-n", "mlops", *words)
    return result.returncode == 0 and int(result.stdout.split()[-1]) >= 1
