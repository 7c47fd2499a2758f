"""Sizes that are derived, held by the programs that fill them.

SeaweedFS' disk, PostgreSQL's disk and memory. Each disk is as large as its claim asks for: where a
disk is larger than that, as on kind, none of these faults shows.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from live.disks import limited
from live.platforms import Platform
from live.pods.node import Node
from live.pods.objects import Manifest

pytestmark = pytest.mark.live

BUCKETS = 8
CONNECTIONS = 200
WRITERS = "".join(
    f"""
    writer-{number}:
      image: registry.example.internal/writer:1.0.0
      uses: [seaweedfs]"""
    for number in range(BUCKETS - 1)
)
SPEC = f"""
  components:
    seaweedfs: {{storage: 1Gi}}
    postgres: {{storage: 512Mi, maxConnections: {CONNECTIONS}}}
  workloads:
    load:
      image: registry.example.internal/load:1.0.0
      uses: [seaweedfs, postgres]{WRITERS}
"""
# An object in each bucket, and then more and more of them.
FILL = """
import boto3, botocore.exceptions, sys
from botocore.config import Config
s3 = boto3.client("s3", aws_access_key_id=KEY, aws_secret_access_key=SECRET,
                  config=Config(retries={"max_attempts": 1}))
buckets, body, count = sorted(bucket["Name"] for bucket in s3.list_buckets()["Buckets"]), bytes(2**20), 0
for number in range(ROUNDS):
    for bucket in buckets:
        try:
            s3.put_object(Bucket=bucket, Key=f"object-{number}", Body=body)
        except botocore.exceptions.ClientError as problem:
            print("refused", bucket, "after", count, problem.response["Error"]["Code"])
            sys.exit(0)
        count += 1
print(len(buckets), "buckets hold", count)
"""
# Every connection that a client may have, each with a join and a sort behind it.
JOIN = """
import psycopg2, threading
COUNT = CONNECTIONS
open = [psycopg2.connect("") for _ in range(COUNT)]
def work(connection):
    with connection, connection.cursor() as cursor:
        cursor.execute("select a.relname, count(*) from pg_class a join pg_attribute b on "
                       "b.attrelid = a.oid join pg_type t on t.oid = b.atttypid group by 1 order by 2")
        cursor.fetchall()
threads = [threading.Thread(target=work, args=(connection,)) for connection in open]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(COUNT, "connections")
"""
# Four times the disk goes through the log, and is taken back.
CHURN = """
import psycopg2
with psycopg2.connect("") as connection, connection.cursor() as cursor:
    cursor.execute("create table if not exists churned (value text)")
connection.autocommit = True
for turn in range(64):
    with connection.cursor() as cursor:
        cursor.execute("insert into churned select repeat(md5(i::text), 32) from generate_series(1, 32768) i")
        cursor.execute("truncate churned")
with connection.cursor() as cursor:
    cursor.execute("select pg_current_wal_lsn() - '0/0'")
    print("through the log:", cursor.fetchone()[0])
"""


@pytest.fixture(scope="module")
def objects(folder: Path) -> list[Manifest]:
    return Platform(folder).write(SPEC).compile()


@pytest.fixture(scope="module")
def running(node: Node, objects: list[Manifest]) -> Iterator[Node]:
    with limited(node, objects):
        node.apply(objects)
        node.wait(300)
        yield node


def fill(node: Node, rounds: int) -> str:
    stored_login = node.secret_values("mlops", "seaweedfs-admin")
    login = f"KEY, SECRET = {stored_login['AWS_ACCESS_KEY_ID']!r}, {stored_login['AWS_SECRET_ACCESS_KEY']!r}\n"
    return node.script("mlops", "load", f"ROUNDS = {rounds}\n{login}{FILL}", 300).strip()


def test_every_bucket_of_a_small_disk_takes_objects_until_it_is_full(running: Node) -> None:
    assert fill(running, 64) == f"{BUCKETS} buckets hold {64 * BUCKETS}"


def test_a_postgresql_holds_all_of_its_connections(running: Node) -> None:
    program = JOIN.replace("CONNECTIONS", str(CONNECTIONS - 13))
    assert "connections" in running.script("mlops", "load", program, 200)
    server = running.pod("mlops", "postgres")
    assert server.restarts == 0
    assert not server.killed("postgres")


def test_the_log_of_a_postgresql_leaves_its_disk_free(running: Node) -> None:
    printed = running.script("mlops", "load", CHURN, 300)
    assert int(float(printed.split(":")[1])) > 2 * 2**30
    assert running.pod("mlops", "postgres").restarts == 0


def test_without_these_sizes_the_second_bucket_is_refused(
    running: Node, objects: list[Manifest]
) -> None:
    server = next(manifest for manifest in objects if manifest["metadata"]["name"] == "seaweedfs"
                  and manifest["kind"] == "StatefulSet")  # fmt: skip
    running.stop("StatefulSet", "mlops", "seaweedfs")
    for entry in (running.place / "claims" / "mlops" / "data-seaweedfs-0").iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    running.apply([with_seven_volumes(server)])
    running.wait(120, "seaweedfs")
    running.rerun("mlops", "seaweedfs-buckets")
    assert re.fullmatch(r"refused \S+ after [01] InternalError", fill(running, 1))


def with_seven_volumes(server: Manifest) -> Manifest:
    """The server as SeaweedFS' own defaults have it, with a bound of 128 MiB on its volumes."""
    changed = deepcopy(server)
    container = changed["spec"]["template"]["spec"]["containers"][0]
    container["args"] = [
        "-master.volumeSizeLimitMB=128" if "volumeSizeLimit" in word else word
        for word in container["args"]
    ]
    container["env"] = [
        variable for variable in container["env"] if "GROWTH" not in variable["name"]
    ]
    return changed
