"""Derived sizes of MySQL and of Redis' log and copies, held by the programs that fill them.

MySQL's memory is the smallest that compiles for its connections, and the disk of the other MySQL is as
large as its claim asks for. The server is MySQL 8.0.15, older than the image's 8.4.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from live.disks import limited
from live.platforms import Platform
from live.pods.node import Node

pytestmark = pytest.mark.live

CONNECTIONS = 151
MEMORY = -(-(CONNECTIONS + 512) * 8 // 3)  # MiB
DISK = 512 + 16  # MiB, for one database
KEYS = 340  # MiB of Redis' memory, whose log needs a disk of 1Gi
SPEC = f"""
  components:
    mysql: {{maxConnections: {CONNECTIONS}, resources: {{limits: {{memory: {MEMORY}Mi}}}}}}
    small: {{type: mysql, storage: {DISK}Mi}}
    redis: {{memory: {KEYS}Mi, storage: 1Gi, replicas: 2}}
  workloads:
    busy:
      image: registry.example.internal/busy:1.0.0
      uses: [mysql]
    churn:
      image: registry.example.internal/churn:1.0.0
      uses: [small]
    feed:
      image: registry.example.internal/feed:1.0.0
      uses: [redis]
"""
CONNECT = """
import os, pymysql, threading
def connect():
    return pymysql.connect(
        host=os.environ["MYSQL_HOST"], port=int(os.environ["MYSQL_TCP_PORT"]), user=os.environ["MYSQL_USER"],
        password=os.environ["MYSQL_PASSWORD"], database=os.environ["MYSQL_DATABASE"], autocommit=True)
def run(statement, connection):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()
GROW = "insert into kept (text, number) select repeat(md5(rand()), 28), rand() * 1e6 from kept limit 65536"
"""
# Rows until they fill the buffer pool, then a join and a sort behind every connection but that of the probe.
BUSY = f"""{CONNECT}
first = connect()
run("create table kept (id int auto_increment primary key, number int, text varchar(1000))", first)
run("insert into kept (text, number) values ('a', 1), ('b', 2)", first)
while run("select count(*) from kept", first)[0][0] < {MEMORY // 2 * 1050}:
    run(GROW, first)
run("select sum(length(text)) from kept", first)
every = [first, *(connect() for _ in range({CONNECTIONS} - 2))]
failed = []
def work(connection):
    try:
        run("select a.number % 977, max(b.text) from kept a join kept b on b.id = a.id + 1 "
            "where a.id < 4000 group by 1 order by 2 desc", connection)
    except pymysql.MySQLError as problem:
        failed.append(problem)
threads = [threading.Thread(target=work, args=(connection,)) for connection in every]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(every), "connections,", len(failed), "failed")
"""
# Four times the disk is written and taken back.
CHURN = f"""{CONNECT}
connection = connect()
run("create table kept (id int auto_increment primary key, number int, text varchar(1000))", connection)
written = 0
while written < 4 * {DISK}:
    run("insert into kept (text, number) values ('a', 1), ('b', 2)", connection)
    for _ in range(14):
        run(GROW, connection)
    written += 14
    run("truncate kept", connection)
print("written", written, "MiB")
"""
# The memory's worth of keys, written over six times: the log grows, and is written anew again and again.
FEED = f"""
import os, socket
def word(*words):
    parts = [b"*%d" % len(words)]
    for each in words:
        each = each if isinstance(each, bytes) else str(each).encode()
        parts += [b"$%d" % len(each), each]
    return bytes().join(part + bytes([13, 10]) for part in parts)
redis = socket.create_connection((os.environ["REDIS_HOST"], int(os.environ["REDIS_PORT"])), 30)
redis.sendall(word("AUTH", os.environ["REDIS_USERNAME"], os.environ["REDIS_PASSWORD"]))
assert redis.recv(64).startswith(b"+OK"), "cannot log in"
refused = 0
for turn in range(6):
    for number in range({KEYS} * 16):
        redis.sendall(word("SET", "fed:%d" % number, os.urandom(65536)))
        refused += not redis.recv(256).startswith(b"+OK")
    print("turn", turn, flush=True)
print("refused", refused)
"""


@pytest.fixture(scope="module")
def running(node: Node, folder: Path) -> Iterator[Node]:
    """Only one disk is limited: it lies in memory, which counts towards the limits of its writer."""
    objects = Platform(folder).write(SPEC).compile()
    with limited(node, [each for each in objects if each["metadata"]["name"] == "small"]):
        node.apply(objects)
        node.wait(300)
        yield node


def size(folder: Path) -> int:
    """MiB of the files in a folder, which may go meanwhile."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.stat().st_size
    return total // 2**20


def test_a_mysql_with_a_full_buffer_pool_holds_all_of_its_connections(running: Node) -> None:
    assert f"{CONNECTIONS - 1} connections, 0 failed" in running.script("mlops", "busy", BUSY, 400)
    server = running.pod("mlops", "mysql")
    assert server.restarts == 0
    assert not server.killed("mysql")


def test_the_logs_of_a_mysql_leave_its_disk_free(running: Node) -> None:
    assert "written" in running.script("mlops", "churn", CHURN, 400)
    disk = running.place / "claims" / "mlops" / "data-small-0"
    print("used", size(disk), "of", DISK, "MiB")
    assert running.pod("mlops", "small").restarts == 0


def test_the_log_of_a_redis_fits_on_its_disk_and_its_copies_in_its_memory(running: Node) -> None:
    """Under a writer, a copy comes anew with an empty disk: the primary forks and keeps what it lags behind."""
    disks = {
        name: running.place / "claims" / "mlops" / f"data-{name}-0"
        for name in ("redis", "redis-replica")
    }
    peaks = dict.fromkeys(disks, 0)

    def fed(line: str) -> None:
        def printed() -> bool:
            for name, disk in disks.items():
                peaks[name] = max(peaks[name], size(disk))
            return pod.log("main").exists() and line in running.output(pod)

        running.until(printed, 300, [pod])

    pod = running.run("mlops", "feed", command=("python", "-c", FEED))
    fed("turn 1\n")
    running.stop("StatefulSet", "mlops", "redis-replica")
    shutil.rmtree(disks["redis-replica"])
    running.restart("StatefulSet", "mlops", "redis-replica")
    back = running.pod("mlops", "redis-replica")
    fed("refused 0\n")
    running.until(lambda: back.ready, 120, [back])
    print("used at most", peaks, "of 1024 MiB")
    assert max(peaks.values()) < 1024
    for server in (running.pod("mlops", "redis"), back):
        assert server.restarts == 0
        assert not server.killed("redis")
