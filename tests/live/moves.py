"""Moves of back ends as live tests see them: the pairs, the administrators' part, and a platform in the middle of a move."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field

from live import cloudnative_pg
from live.move_writers import MYSQL, POSTGRES, READ, REDIS, S3, WRITE
from live.platforms import Manifest, Platform, platformc
from live.pods.node import Node
from live.pods.pod import Pod
from live.rook import Rook

WORKLOAD = """
  workloads:
    training:
      image: registry.example.internal/training:1.0.0
      command: [python, train.py]
      uses: [USED]
"""


@dataclass
class Case:
    """A pair, the components of its platform, and the programs of its writer."""

    old: str
    new: str
    components: str
    program: str
    refusal: str  # while the writer still writes
    frozen: str = ""  # the refusal that a forgotten writer meets
    # The work of administrators or operators: with the objects of each delivery, before its pods are ready.
    administer: Callable[[Running, list[Manifest]], None] | None = None

    def spec(self, *, cut_over: bool) -> str:
        over = ", cutOver: true" if cut_over else ""
        move = f"\n  move: {{from: {self.old}, to: {self.new}{over}}}\n  components:"
        return move + self.components + WORKLOAD.replace("USED", self.old)

    def end(self) -> str:
        """Without the move: the clients name the new instance."""
        return "\n  components:" + self.components + WORKLOAD.replace("USED", self.new)


@dataclass
class Running:
    """A platform in the middle of a move."""

    case: Case
    platform: Platform
    node: Node
    acknowledged: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rook = Rook(self.node)

    def deliver(self, *, cut_over: bool) -> None:
        self.apply(self.case.spec(cut_over=cut_over))

    def apply(self, spec: str) -> None:
        objects = self.platform.write(spec).compile()
        self.node.apply(objects)
        if self.case.administer:
            self.case.administer(self, objects)
        self.node.wait(200)

    def writing(self) -> Pod:
        start = max(self.acknowledged, default=0) + 1
        program = f"START = {start}{self.case.program}{WRITE}"
        pod = self.node.run("mlops", "training", command=("python", "-c", program))
        self.node.until(lambda: len(self._log(pod)) > 40, 60, [pod])
        return pod

    def printed(self, pod: Pod) -> str:
        """The lines that a pod has printed so far."""
        (container,) = pod.spec["containers"]
        log = pod.log(container["name"])
        return log.read_text() if log.exists() else ""

    def _log(self, pod: Pod) -> list[int]:
        """The numbers of whole lines: the writer may be killed within one."""
        text = self.printed(pod)
        assert "Traceback" not in text, text[-2000:]
        # `unshare`, which is killed with its program, may complain of that in the same log.
        return [int(line) for line in text.split("\n")[:-1] if line.isdigit()]

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


def _bucket(running: Running, objects: list[Manifest]) -> None:
    """The login and the bucket of a store that others run, whose Secret has a name of theirs."""
    node = running.node
    login = next(each for each in objects if each["metadata"]["name"] == "outside-admin")
    node.apply([{**login, "metadata": {"name": "bought-admin", "namespace": "mlops"}}])
    node.wait(200, "outside")
    keys = node.secret_values("elsewhere", "outside-admin")
    address = "http://outside.elsewhere.svc.cluster.local:8333"
    node.script(
        "mlops",
        "training",
        f"""
import boto3
s3 = boto3.client("s3", endpoint_url={address!r}, aws_access_key_id={keys["AWS_ACCESS_KEY_ID"]!r},
                  aws_secret_access_key={keys["AWS_SECRET_ACCESS_KEY"]!r})
if not s3.list_buckets()["Buckets"]:
    s3.create_bucket(Bucket="training")
""",
    )


def _printed(running: Running) -> list[str]:
    """The SQL that `prerequisites` prints for the server outside, which is ready by then."""
    running.node.wait(200, "outside")
    printed = platformc("prerequisites", "default", directory=running.platform.directory)
    return printed.partition("makes\n")[2].splitlines()


def _printed_roles(running: Running, objects: list[Manifest]) -> None:
    """With the passwords of the Secrets that the SQL names. Existing roles are left."""
    node, sql, secret = running.node, "", ""
    for line in _printed(running):
        if line.startswith("-- The password of the Secret "):
            secret = line.split()[6]
        elif line.startswith("\\password"):
            password = node.secret_values("mlops", secret)["password"]
            line = f"ALTER ROLE :\"login\" PASSWORD '{password}';"
        sql += f"{line}\n"
    psql = ("psql", "--no-psqlrc", "--quiet", "--username=postgres")
    node.execute("elsewhere", "outside", *psql, standard_input=sql)


def _printed_users(running: Running, objects: list[Manifest]) -> None:
    sql = ""
    for line in _printed(running):
        words, _, secret = line.partition("(password in the Secret ")
        if secret:
            line = f"{words}{running.node.secret_values('mlops', secret.partition(')')[0])['password']}';"
        sql += f"{line}\n"
    mysql = "MYSQL_PWD=$MYSQL_ROOT_PASSWORD mysql --force --user=root || true"
    running.node.execute("elsewhere", "outside", "sh", "-c", mysql, standard_input=sql)


def _operated(running: Running, objects: list[Manifest]) -> None:
    cloudnative_pg.reconcile(running.node, objects)


def _by_rook(running: Running, objects: list[Manifest]) -> None:
    running.rook.apply(objects)


CASES = (
    Case("minio", "seaweedfs", """
    minio: {}
    seaweedfs: {}
""", S3, "training of minio was written to while it was copied"),
    Case("seaweedfs", "bought", """
    seaweedfs: {}
    outside: {type: seaweedfs, namespace: elsewhere}
    bought: {type: external-s3, host: outside.elsewhere.svc.cluster.local, port: 8333, tls: false, credentials: {secret: bought-admin}}
""", S3, "training of seaweedfs was written to while it was copied", administer=_bucket),
    Case("postgres", "successor", """
    postgres: {}
    successor: {type: postgres}
""", POSTGRES, "training of postgres is still used by training-postgres (1)", "read-only transaction"),
    Case("postgres", "postgres-18", """
    postgres: {}
    postgres-18: {type: postgres, image: "docker.io/library/postgres:18.1-bookworm"}
  silence: [{code: untried-version, reason: it is tried here}]
""", POSTGRES, "training of postgres is still used by training-postgres (1)", "read-only transaction"),
    Case("postgres", "bought", """
    postgres: {}
    outside: {type: postgres, namespace: elsewhere}
    bought: {type: external-postgres, host: outside.elsewhere.svc.cluster.local, sslmode: disable}
""", POSTGRES, "training of postgres is still used by training-postgres (1)", "read-only transaction", _printed_roles),
    Case("postgres", "cluster", """
    postgres: {}
    cluster: {type: cloudnative-pg, image: "ghcr.io/cloudnative-pg/postgresql:15.18-system-bookworm"}
""", POSTGRES, "training of postgres is still used by training-postgres (1)", "read-only transaction", _operated),
    Case("mysql", "successor", """
    mysql: {}
    successor: {type: mysql}
""", MYSQL, "training of mysql was written to while it was copied"),
    Case("mysql", "bought", """
    mysql: {}
    outside: {type: mysql, namespace: elsewhere}
    bought: {type: external-mysql, host: outside.elsewhere.svc.cluster.local, tls: false}
""", MYSQL, "training of mysql was written to while it was copied", administer=_printed_users),
    Case("redis", "valkey", """
    redis: {eviction: noeviction}
    valkey: {eviction: noeviction}
""", REDIS, "redis was written to while it was copied"),
)  # fmt: skip
# There and back is that of the pair from Ceph below.
TO_CEPH = Case("minio", "ceph", """
    minio: {}
    ceph: {}
""", S3, "training of minio was written to while it was copied", administer=_by_rook)  # fmt: skip
# Stores of several servers. The Job refuses the same as for the pairs above, because its script is the same.
LARGE_CASES = (
    Case("ceph", "seaweedfs", """
    ceph: {}
    seaweedfs: {}
""", S3, "training of ceph was written to while it was copied", administer=_by_rook),
    Case("seaweedfs", "apart", """
    seaweedfs: {}
    postgres: {}
    apart: {type: seaweedfs, replicas: 3, storage: 2Gi}
""", S3, "training of seaweedfs was written to while it was copied"),
)  # fmt: skip
