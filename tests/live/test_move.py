"""Back ends that take the place of others under a writer: nothing that was acknowledged is lost.

rclone is Debian's 1.60, PostgreSQL Debian's 15, Redis 7.0, Valkey 8.1, MinIO and SeaweedFS are real.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from live.platforms import Manifest, Platform
from live.pods.node import Node
from live.pods.pod import Pod

pytestmark = pytest.mark.live

WORKLOAD = """
  workloads:
    training:
      image: registry.example.internal/training:1.0.0
      command: [python, train.py]
      uses: [USED]
"""
# Each program begins with `write` and `read`; the writer says each number that the server acknowledged.
WRITE = """
import itertools, time
for number in itertools.count(START):
    write(number)
    print(number, flush=True)
    time.sleep(0.01)
"""
READ = "\nprint(*sorted(read()))\n"
S3 = """
import boto3
s3 = boto3.client("s3")
def write(number):
    s3.put_object(Bucket="training", Key="runs/a b/%d" % number, Body=b"%d" % number * 50)
    s3.put_object(Bucket="training", Key="newest", Body=b"%d" % number)
def read():
    newest = int(s3.get_object(Bucket="training", Key="newest")["Body"].read())
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket="training", Prefix="runs/"):
        for entry in page.get("Contents", ()):
            number = int(entry["Key"].rpartition("/")[2])
            whole = entry["Size"] == 50 * len(str(number))
            # SeaweedFS 4.48 keeps an empty object of a client that ended while it sent one.
            assert number <= newest + 1 and (whole or number > newest), entry
            if whole:
                yield number
"""
POSTGRES = """
import psycopg2
database = psycopg2.connect("")
database.autocommit = True
rows = database.cursor()
def write(number):
    rows.execute("CREATE TABLE IF NOT EXISTS runs (number serial PRIMARY KEY, note text)")
    rows.execute("INSERT INTO runs VALUES (%s, %s)", (number, "a\\tb\\n" * 9))
def read():
    rows.execute("SELECT number FROM runs WHERE note = %s", ("a\\tb\\n" * 9,))
    return [number for number, in rows.fetchall()]
"""
REDIS = """
import os, socket
stream = socket.create_connection((os.environ["REDIS_HOST"], int(os.environ["REDIS_PORT"])), 30).makefile("rwb")
def ask(*words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    stream.write(b"*%d\\r\\n" % len(words) + b"".join(b"$%d\\r\\n%s\\r\\n" % (len(word), word) for word in words))
    stream.flush()
    return answer()
def answer():
    line = stream.readline().rstrip()
    assert line[:1] != b"-", line
    if line[:1] == b"$":
        return stream.read(int(line[1:]) + 2)[:-2] if line != b"$-1" else None
    return [answer() for _ in range(int(line[1:]))] if line[:1] == b"*" else line[1:]
ask("AUTH", os.environ["REDIS_USERNAME"], os.environ["REDIS_PASSWORD"])
def write(number):
    ask("HSET", "features:%d" % number, "rate", 0.25 * number, b"\\0\\r\\n", b"\\xff" * 9)
    ask("EXPIRE", "features:%d" % number, 86400)
    ask("RPUSH", "runs", number)
    ask("ZADD", "scores", number / 7, number)
    ask("SADD", "set", number)
    ask("SET", b"text \\n \\xe4", b"\\r\\n%d" % number)
def read():
    listed = [int(number) for number in ask("LRANGE", "runs", 0, -1)]
    assert int(ask("ZCARD", "scores")) in (len(listed), len(listed) - 1)
    for number in listed:
        if ask("SISMEMBER", "set", number) == b"1":
            assert ask("HGET", "features:%d" % number, b"\\0\\r\\n") == b"\\xff" * 9
            assert float(ask("ZSCORE", "scores", number)) == number / 7
            assert int(ask("TTL", "features:%d" % number)) > 80000
    return listed
"""


@dataclass
class Case:
    """A pair, the components of its platform, and the programs of its writer."""

    old: str
    new: str
    components: str
    program: str
    refusal: str  # while the writer still writes
    frozen: str = ""  # what a writer meets that was forgotten
    external: bool = False

    def spec(self, *, cut_over: bool) -> str:
        over = ", cutOver: true" if cut_over else ""
        move = f"\n  move: {{from: {self.old}, to: {self.new}{over}}}\n  components:"
        return move + self.components + WORKLOAD.replace("USED", self.old)


CASES = (
    Case("minio", "seaweedfs", """
    minio: {}
    seaweedfs: {}
""", S3, "training of minio was written to while it was copied"),
    Case("seaweedfs", "bought", """
    seaweedfs: {}
    outside: {type: seaweedfs, namespace: elsewhere}
    bought: {type: external-s3, host: outside.elsewhere.svc.cluster.local, port: 8333, tls: false, credentials: {secret: outside-admin}}
  silence: [{code: plain-http, reason: it is a test}]
""", S3, "training of seaweedfs was written to while it was copied", external=True),
    Case("postgres", "successor", """
    postgres: {}
    successor: {type: postgres}
""", POSTGRES, "training of postgres is still used by training-postgres (1)", "read-only transaction"),
    Case("redis", "valkey", """
    redis: {eviction: noeviction}
    valkey: {eviction: noeviction}
""", REDIS, "redis was written to while it was copied"),
)  # fmt: skip


@dataclass
class Running:
    """A platform in the middle of a move."""

    case: Case
    platform: Platform
    node: Node
    acknowledged: set[int] = field(default_factory=set)

    def deliver(self, *, cut_over: bool) -> None:
        self.node.apply(self.platform.write(self.case.spec(cut_over=cut_over)).compile())
        self.node.wait(200)

    def writing(self) -> Pod:
        start = max(self.acknowledged, default=0) + 1
        program = f"START = {start}{self.case.program}{WRITE}"
        pod = self.node.run("mlops", "training", command=("python", "-c", program))
        self.node.until(lambda: len(self._log(pod)) > 40, 60, [pod])
        return pod

    def _log(self, pod: Pod) -> list[int]:
        """The numbers of whole lines: the writer may be killed within one."""
        (container,) = pod.spec["containers"]
        log = pod.log(container["name"])
        return [int(line) for line in log.read_text().split("\n")[:-1]] if log.exists() else []

    def stopped(self, pod: Pod) -> None:
        self.node.discard([pod])
        self.acknowledged |= set(self._log(pod))

    def job(self, **variables: str) -> Pod:
        template: Manifest = deepcopy(self.node.template("mlops", "move"))
        (container,) = template["spec"]["containers"]
        container["env"] += [{"name": key, "value": text} for key, text in variables.items()]
        return self.node.run("mlops", "move", template=template)

    def copied(self, **variables: str) -> str:
        return self.node.completed(self.job(**variables), 200)

    def refused(self, **variables: str) -> str:
        pod = self.job(**variables)
        self.node.until(lambda: pod.failed or pod.finished, 200, [])
        assert pod.failed, self.node.output(pod)
        printed = self.node.report([pod])
        self.node.discard([pod])
        return printed

    def lost(self) -> set[int]:
        words = self.node.script("mlops", "training", f"{self.case.program}{READ}").split()
        return self.acknowledged - {int(word) for word in words}


@pytest.fixture(params=CASES, ids=lambda case: f"{case.old}-{case.new}")
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    node = Node(tmp_path / "node")
    result = Running(request.param, Platform(tmp_path / "platform"), node)
    try:
        if request.param.external:
            _prepare(result)
        result.deliver(cut_over=False)
        yield result
    finally:
        node.close()


def _prepare(running: Running) -> None:
    """The login and the bucket of a store that others run."""
    objects = running.platform.write(running.case.spec(cut_over=False)).compile()
    login = next(one for one in objects if one["metadata"]["name"] == "outside-admin")
    running.node.apply([{**login, "metadata": {**login["metadata"], "namespace": "mlops"}}])
    running.deliver(cut_over=False)
    keys = running.node.held("elsewhere", "outside-admin")
    running.node.script(
        "mlops",
        "training",
        f"""
import boto3
boto3.client("s3", endpoint_url="http://outside.elsewhere.svc.cluster.local:8333",
             aws_access_key_id={keys["AWS_ACCESS_KEY_ID"]!r},
             aws_secret_access_key={keys["AWS_SECRET_ACCESS_KEY"]!r}).create_bucket(Bucket="training")
""",
    )


def test_nothing_is_lost_there_and_back(running: Running) -> None:
    case, writer = running.case, running.writing()
    assert f"from {case.old} to {case.new} in " in running.copied()
    assert case.refusal in running.refused(FREEZE="yes")
    began = time.monotonic()
    running.stopped(writer)
    printed = running.copied(FREEZE="yes")
    copied = time.monotonic()
    if case.frozen:
        program = f"START = 10**6{case.program}{WRITE}"
        late = running.node.run("mlops", "training", command=("python", "-c", program))
        running.node.until(lambda: late.failed, 60, [])
        assert case.frozen in running.node.report([late])
        running.node.discard([late])
    running.deliver(cut_over=True)
    print(f"{case.old} to {case.new}: copied in {copied - began:.1f} s of the freeze, {printed}")
    assert running.lost() == set()
    # The move is finished: what the clients wrote since is not overwritten by another run.
    writer = running.writing()
    running.stopped(writer)
    running.refused(FREEZE="yes")
    assert running.lost() == set()
    running.copied(DIRECTION="back", FREEZE="yes")
    running.deliver(cut_over=False)
    assert running.lost() == set()
    running.stopped(running.writing())
    assert running.lost() == set()


def test_what_others_keep_in_the_new_instance_is_not_deleted(running: Running) -> None:
    case = running.case
    new = Case(case.new, case.new, case.components, case.program, "")
    spec = "\n  components:" + new.components + WORKLOAD.replace("USED", case.new)
    running.node.apply(running.platform.write(spec).compile())
    running.node.wait(200)
    running.stopped(running.writing())
    running.deliver(cut_over=False)
    assert "--replace" in running.refused()
