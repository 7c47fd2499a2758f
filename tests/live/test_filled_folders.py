"""The folders of Jobs that copy databases, with a database that leaves its server's disk little room.

Random bytes are the worst rows: a dump writes two letters for each. The emptyDirs end at their `sizeLimit`,
where a kubelet would evict the pod. MySQL is 8.0.15.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from live.disks import limited
from live.platforms import Platform
from live.pods.node import Node

pytestmark = pytest.mark.live

POSTGRES, MYSQL = 320, 560  # MiB of disk
# MiB of rows: the servers' own files and logs need the rest.
POSTGRES_ROWS, MYSQL_ROWS = 200, 320
WORKLOADS = """
  workloads:
    rows: {image: registry.example.internal/rows:1.0.0, uses: [postgres]}
    orders: {image: registry.example.internal/orders:1.0.0, uses: [mysql]}
"""
SERVERS = f"""
  components:
    postgres: {{storage: {POSTGRES}Mi}}
    mysql: {{storage: {MYSQL}Mi}}
"""
COPIED = f"""
  backup: {{to: offsite, drill: "0 4 * * *"}}{SERVERS}
    offsite: {{type: seaweedfs, namespace: copies}}{WORKLOADS}"""
FILL_POSTGRES = f"""
import os, psycopg2
connection = psycopg2.connect("")
cursor = connection.cursor()
cursor.execute("create table kept (id int primary key, body bytea)")
for number in range({POSTGRES_ROWS}):
    cursor.execute("insert into kept values (%s, %s)", (number, os.urandom(2**20)))
    connection.commit()
print("filled")
"""
FILL_MYSQL = f"""
import os, pymysql
connection = pymysql.connect(
    host=os.environ["MYSQL_HOST"], port=int(os.environ["MYSQL_TCP_PORT"]), user=os.environ["MYSQL_USER"],
    password=os.environ["MYSQL_PASSWORD"], database=os.environ["MYSQL_DATABASE"], autocommit=True)
cursor = connection.cursor()
cursor.execute("create table kept (id int primary key, body longblob)")
for number in range({MYSQL_ROWS}):
    cursor.execute("insert into kept values (%s, %s)", (number, os.urandom(2**20)))
print("filled")
"""


@pytest.fixture(scope="module")
def running(node: Node, folder: Path) -> Iterator[Node]:
    with limited(node, (), empty_dirs=["postgres", "mysql", "move"]):
        node.apply(Platform(folder).write(COPIED).compile())
        node.wait(300)
        for workload, program in (("rows", FILL_POSTGRES), ("orders", FILL_MYSQL)):
            assert "filled" in node.script("mlops", workload, program, 300)
        yield node


each_server = pytest.mark.parametrize(
    "server", ["postgres", pytest.param("mysql", marks=pytest.mark.soak)]
)


@each_server
def test_a_copy_of_a_nearly_full_server_fits_into_its_folder(running: Node, server: str) -> None:
    for role, line in (("backup", "copied "), ("drill", "is as it was copied at")):
        assert line in running.completed(running.run("mlops", f"{server}-{role}"), 300)


@each_server
def test_a_move_of_a_nearly_full_server_fits_into_its_folder(
    running: Node, folder: Path, server: str
) -> None:
    move = f"\n  move: {{from: {server}, to: newer}}{SERVERS}"
    newer = f"    newer: {{type: {server}, storage: {MYSQL}Mi}}{WORKLOADS}"
    running.apply(Platform(folder).write(move + newer).compile())
    running.wait(300)
    printed = running.completed(
        running.run("mlops", "move", template=running.template("mlops", "move")), 400
    )
    assert f"of newer is as that of {server}:" in printed
