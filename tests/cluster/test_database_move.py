"""CloudNativePG takes the place of `postgres` on a real node, and gives it back, by the commands that `platformc move`
prints: its operator makes the servers, roles and databases.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster.moves import Moving
from cluster.node import Node
from cluster.platforms import deliver

pytestmark = [pytest.mark.live, pytest.mark.cluster, pytest.mark.soak]

SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: moves}
spec:
  move: {from: postgres, to: cloudnative-pg, cutOver: false}
  components:
    seaweedfs: {storage: 2Gi}
    postgres: {storage: 1Gi}
    cloudnative-pg:
      image: ghcr.io/cloudnative-pg/postgresql:17.9-system-trixie
      replicas: 2
      storage: 1Gi
    mlflow: {workers: 1, bind: {backend-store: postgres}}
  workloads:
    writer:
      image: ghcr.io/mlflow/mlflow:v3.17.2-full
      command: [python, write.py]
      uses: [postgres]
"""
# A new pod is refused until the node's network policies know it.
CONNECT = """\
import os, psycopg2, time
for rest in range(30, -1, -1):
    try:
        connection = psycopg2.connect("")
        break
    except psycopg2.OperationalError:
        if not rest:
            raise
        time.sleep(1)
connection.autocommit = True
cursor = connection.cursor()
cursor.execute("create table if not exists written (number int primary key)")
"""
# Says each number that the server has acknowledged, until it is stopped.
WRITE = f"""{CONNECT}
number = START
while not os.path.exists("/tmp/stop"):
    cursor.execute("insert into written values (%s)", (number,))
    print(number, flush=True)
    number += 1
    time.sleep(0.02)
"""
READ = f"""{CONNECT}
cursor.execute("select number from written")
print(*(row[0] for row in cursor), sep="\\n")
"""
# The server that the compiled environment names, by what CloudNativePG calls it, and the owner of its tables.
SERVER = f"""{CONNECT}
cursor.execute("select current_setting('cluster_name')")
print(os.environ["PGHOST"].split(".")[0], cursor.fetchone()[0])
cursor.execute("select distinct tableowner from pg_tables where schemaname = 'public'")
print(*(row[0] for row in cursor))
"""
OLD, NEW = ["postgres", "writer_owner"], ["cloudnative-pg-rw", "cloudnative-pg", "writer_owner"]
LOG = """\
import mlflow
mlflow.set_tracking_uri("http://127.0.0.1:5000")
mlflow.set_experiment("moved")
with mlflow.start_run():
    mlflow.log_metric("number", 1)
"""
COUNT = """\
import mlflow
mlflow.set_tracking_uri("http://127.0.0.1:5000")
print(len(mlflow.search_runs(experiment_names=["moved"], output_format="list")))
"""


@pytest.fixture(scope="module")
def moving(node: Node, folder: Path) -> Moving:
    moving = Moving(node, folder, SPEC, WRITE, READ)
    text = SPEC.replace("  move: {from: postgres, to: cloudnative-pg, cutOver: false}\n", "")
    deliver(node, folder, text)
    moving.mlflow(LOG)
    return moving


def test_nothing_is_lost_there_and_back(moving: Moving) -> None:
    writer = moving.writing()
    assert moving.run(SERVER).split() == OLD
    print(f"the new instance and the first copy: {moving.follow(over=False):.0f} s")
    moving.stop(writer)
    print(f"freeze, the rest and the cut-over: {moving.follow(over=True):.0f} s")
    assert moving.run(SERVER).split() == NEW
    assert moving.lost() == set()
    assert moving.mlflow(COUNT).split() == ["1"]
    moving.mlflow(LOG)
    moving.stop(moving.writing())
    print(f"the way back: {moving.follow('--back', over=False):.0f} s")
    assert moving.run(SERVER).split() == OLD
    assert moving.lost() == set()
    assert moving.mlflow(COUNT).split() == ["2"]
    moving.stop(moving.writing())
    assert moving.lost() == set()
    print(f"{len(moving.acknowledged)} acknowledged rows, 0 lost")
    moving.node.until_well(300)
