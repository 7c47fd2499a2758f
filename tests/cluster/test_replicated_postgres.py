"""CloudNativePG runs the servers that MLflow logs to, and replaces a primary that is lost."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cluster import jobs
from cluster.node import Node
from cluster.platforms import deliver_at_once

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
  workloads:
    writer:
      image: ghcr.io/mlflow/mlflow:v3.17.2-full
      command: [python, write.py]
      uses: [cloudnative-pg]
"""
# Writes numbers, each in its own transaction, until it has lost its server and then written 500 on
# another. A number whose answer did not come is written again: every number below the last was
# acknowledged, and must be there.
WRITE = """\
import psycopg2, time

def connect():
    alive = {"keepalives_idle": 2, "keepalives_interval": 2, "keepalives_count": 2}
    while True:
        try:
            connection = psycopg2.connect(connect_timeout=5, tcp_user_timeout=5000, **alive)
        except psycopg2.OperationalError as error:
            print(str(error).splitlines()[0], flush=True)
            time.sleep(0.2)
        else:
            connection.autocommit = True
            return connection.cursor()

cursor = connect()
cursor.execute("create table written (number int primary key)")
number, first, longest, last = 0, None, 0.0, time.monotonic()
while first is None or number < first + 500:
    try:
        cursor.execute("insert into written values (%s) on conflict do nothing", (number,))
    except psycopg2.Error as error:
        print(str(error).splitlines()[0], flush=True)
        first = number
        time.sleep(0.2)
        cursor = connect()
        continue
    number += 1
    longest, last = max(longest, time.monotonic() - last), time.monotonic()
    if number == 500:
        print("writing", flush=True)
cursor = connect()
cursor.execute("select number from written")
lost = set(range(number)) - {row[0] for row in cursor}
print(f"{len(lost)} of {number} acknowledged rows lost, written again after {longest:.1f} s")
"""
CLIENT = """\
import mlflow, sys
mlflow.set_tracking_uri("http://127.0.0.1:5000")
mlflow.create_experiment(sys.argv[1])
print(mlflow.search_runs(search_all_experiments=True).shape[0])
"""


@pytest.fixture(scope="module")
def platform(node: Node, folder: Path) -> Node:
    deliver_at_once(node, folder, SPEC)
    return node


def test_mlflow_logs_a_run_to_the_operators_servers(platform: Node) -> None:
    platform.until_complete("mlops", "app.kubernetes.io/instance=mlflow-smoke", 600)
    logs = ("logs", "-n", "mlops", "-l", "app.kubernetes.io/instance=mlflow-smoke")
    assert "Run logged successfully!" in platform.kubectl(*logs)
    cluster = platform.get("cluster", "cloudnative-pg", "-n", "mlops")
    assert cluster["status"]["readyInstances"] == 2


def test_what_clients_made_belongs_to_the_owner_of_their_database(platform: Node) -> None:
    """They were applied with their server, so they came as soon as the operator let them in."""
    pod = ("exec", "-n", "mlops", _primary(platform), "-c", "postgres", "--")
    query = "select tableowner, count(*) from pg_tables where schemaname = 'public' group by 1"
    (owner,) = platform.kubectl(*pod, "psql", "-Atc", query, "mlflow").split()
    assert owner.startswith("mlflow_owner|")


def test_commits_wait_for_the_replica(platform: Node) -> None:
    pod = ("exec", "-n", "mlops", _primary(platform), "-c", "postgres", "--")
    query = "select sync_state from pg_stat_replication"
    assert platform.kubectl(*pod, "psql", "-Atc", query).split() == ["quorum"]


def test_no_acknowledged_row_is_lost_with_the_primary(platform: Node) -> None:
    """All processes of its pod are killed at once, and its pod is deleted, while a client writes."""
    writer = jobs.start(platform, "writer", WRITE)
    platform.until(lambda: "writing" in jobs.logs(platform, writer), "client that writes", 180)
    lost = _primary(platform)
    start = time.monotonic()
    _kill(platform, lost)
    platform.until(lambda: _primary(platform) != lost, "other primary", 180)
    platform.until(lambda: _writes(platform, f"e{time.monotonic()}"), "write of MLflow", 300)
    print(f"MLflow wrote {time.monotonic() - start:.0f} s after the loss of the primary")
    result = jobs.output(platform, writer, 300).splitlines()[-1]
    print(result)
    assert result.startswith("0 of ")
    platform.until_well(300)


def _kill(node: Node, pod: str) -> None:
    """Kill every process of a pod from the node, as a loss of power does, and delete the pod."""
    uid = node.get("pod", pod, "-n", "mlops")["metadata"]["uid"]
    processes = f"grep -l {uid} /proc/[0-9]*/cgroup | cut -d / -f 3"
    # The first one that ends may take others with it, which `kill` then complains of.
    node.on_node("sh", "-ec", f'all=$({processes}); [ -n "$all" ]; kill -9 $all || :')
    node.kubectl("delete", "pod", pod, "-n", "mlops", "--grace-period=0", "--force")


def _primary(node: Node) -> str:
    return str(node.get("cluster", "cloudnative-pg", "-n", "mlops")["status"]["currentPrimary"])


def _writes(node: Node, experiment: str) -> bool:
    """MLflow makes an experiment, and still has the run that was logged before."""
    words = ("deployment/mlflow", "--", "python", "-c", CLIENT, experiment)
    result = node.ask("exec", "-n", "mlops", *words)
    return result.returncode == 0 and int(result.stdout.split()[-1]) >= 1
