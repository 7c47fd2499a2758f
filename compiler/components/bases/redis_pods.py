"""The pods of a server of the Redis protocol: Redis and Valkey differ only in the names of their programs."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from compiler import kube, model
from compiler.components.bases import redis_metrics, sentinel
from compiler.components.bases.redis import PORT, Spec, maxmemory, storage
from compiler.interfaces import redis
from compiler.model import Env, SecretRef
from compiler.spec import quantity


class Program(Struct, frozen=True):
    """The names of one implementation's programs."""

    name: str  # the name in its folders and volumes
    server: str
    client: str


def lower(
    me: model.Instance[Any], claims: Sequence[redis.Binding], program: Program
) -> Iterator[model.Piece]:
    spec: Spec = me.spec
    resources = kube.resources(
        spec.resources, cpu="100m", memory=spec.memory, cpu_limit="2", memory_limit=spec.memory
    )
    server = Server(me, spec, program, resources, quantity.in_bytes(resources["limits"]["memory"]))
    yield server.config()
    if spec.failover == "sentinel":
        yield from _watched(me, server, claims)
        return
    yield server.pods("primary", claims, replicas=1)
    yield kube.service(me, "primary", {"tcp-redis": PORT})
    yield kube.headless(me, "primary", {"tcp-redis": PORT})
    yield redis_metrics.of("primary", PORT)
    if spec.replicas > 1:
        copies = f"{me.name}-replica"
        yield server.credential()
        yield server.pods("replica", claims, replicas=spec.replicas - 1, name=copies)
        yield kube.service(me, "replica", {"tcp-redis": PORT}, name=f"{me.name}-read")
        yield kube.headless(me, "replica", {"tcp-redis": PORT}, name=f"{copies}-headless")
        yield model.InternalTraffic("replica", "primary", (PORT,))
        yield redis_metrics.of("replica", PORT)


def _single(change: model.FieldChange, before: model.Manifest, after: model.Manifest) -> bool:
    return min(int(manifest["spec"].get("replicas", 1)) for manifest in (before, after)) <= 1


# The script writes users and settings of Sentinel. The server's data is in the folder of its configuration,
# and the first Sentinels take the first pod for the primary: the server that was alone before.
_SCRIPT = "spec/template/spec/initContainers/users/command"
_PREPARATION = (
    model.Effect(_SCRIPT, model.Risk.DOWNTIME, "its only pod restarts", when=_single),
    model.Effect(_SCRIPT, model.Risk.RESTART, "the pods are replaced one after the other"),
)


def _evicts(program: str) -> model.Effect:
    """The effect of less memory on a server that evicts keys.

    It loads its whole log or snapshot, and evicts with the first command (Redis 7.0.15, 40 MB of keys started with
    `maxmemory` 20mb).
    """
    return model.Effect(
        f"spec/template/spec/containers/{program}/resources/limits/memory",
        model.Risk.DATA_LOSS,
        "keys that no longer fit are evicted, and a server whose keys take more than the new limit does not start",
        "compare `used_memory` in the answer of INFO with the new `maxmemory` first",
        model.shrinks,
    )


class Server(Struct, frozen=True):
    """The pods of one instance. Both roles have the same settings, except for the replication."""

    me: model.Instance[Any]
    spec: Spec
    program: Program
    resources: model.Manifest
    limit: int

    @property
    def replication(self) -> str:
        return f"{self.me.name}-replication"

    @property
    def users(self) -> str:
        """The folder with the file that is made from the Secrets."""
        return f"/etc/{self.program.name}-users"

    def credential(self) -> model.Credential:
        return model.Credential(
            self.replication, {"password": model.Random.PASSWORD}, (self.me.namespace,),
            (self.me.name,),
            # Otherwise the copies restart after the primary, and log in to it with the new value.
            between_pods=self.spec.failover == "sentinel",
        )  # fmt: skip

    def config(self) -> model.ConfigFiles:
        text = kube.render(
            __file__, "redis.conf.j2", port=PORT, users=self.users, limit=self.limit,
            maxmemory=maxmemory(self.limit, self.spec.persistence), spec=self.spec,
        )  # fmt: skip
        return model.ConfigFiles(self.me.name, self.me.namespace, {self._file: text})

    @property
    def _file(self) -> str:
        return f"{self.program.name}.conf"

    def pods(
        self, role: str, claims: Sequence[redis.Binding], *, replicas: int, name: str | None = None,
        parallel: bool = False,
    ) -> model.Resource:  # fmt: skip
        me, folder = self.me, f"/etc/{self.program.name}"
        volumes = [
            kube.config(me.name, folder),
            kube.empty_dir("users", self.users, "1Mi", memory=True),
            *self._data(),
        ]
        template = kube.pod(
            me, role, [self._server(role), *self._sentinel()], init=[self._users(claims)], user=kube.USER,
            volumes=volumes, grace=60, spread=replicas > 1,
        )  # fmt: skip
        persistent = self.spec.persistence != "none"
        claim = (
            [kube.volume_claim(me, "data", storage(self.spec, self.limit))] if persistent else []
        )
        server = kube.stateful_set(
            me, role, template, replicas=replicas, claims=claim, name=name, parallel=parallel
        )
        evicts = persistent and self.spec.eviction != "noeviction"
        effects = (_evicts(self.program.name),) if evicts else ()
        return replace(server, effects=(*effects, *_PREPARATION))

    def _data(self) -> Iterator[kube.Volume]:
        if self.spec.persistence == "none":
            yield kube.empty_dir("data", "/data")
        else:
            yield kube.Volume("data", {}, "/data")

    def _sentinel(self) -> Iterator[kube.Container]:
        if self.spec.failover == "sentinel":
            yield sentinel.container(self.me, self.program.server, self.program.client)

    def _server(self, role: str) -> kube.Container:
        copy = role == "replica"
        follow = ["--replicaof", self.me.host(), str(PORT)] if copy else []
        pong = kube.exec_probe(["sh", "-c", self._answers("ping", "PONG")], period=5)
        # Before its first synchronisation a copy refuses requests instead of answering with nulls.
        started = self._answers("role", "connected") if copy else self._answers("ping", "PONG")
        if role == "server":  # the primary, or a copy after its first synchronisation
            started = self._answers("role", "'master\\|connected'")
        return kube.Container(
            self.program.name,
            self.me.spec.image,
            self.resources,
            command=[self.program.server, f"/etc/{self.program.name}/{self._file}", *follow],
            ports={"tcp-redis": PORT},
            startup=kube.exec_probe(["sh", "-c", started], period=5, failures=120),
            readiness=pong,
            # Not PING: it fails while a server loads its log, and the server must not be killed for that.
            liveness=kube.tcp_probe("tcp-redis", period=20, failures=6),
        )

    def _answers(self, command: str, answer: str) -> str:
        """A command that checks whether the server answers; the probe's user has no password."""
        client = f"{self.program.client} --user probe -a none --no-auth-warning"
        return f"{client} {command} | grep -qx {answer}"

    def _users(self, claims: Sequence[redis.Binding]) -> kube.Container:
        """Creates the users from the clients' Secrets, as hashes."""
        bindings = {binding.secret: binding for binding in claims}
        logins = [
            (name, kube.suffix(name), binding.claim.keys, binding.claim.read_only)
            for name, binding in sorted(bindings.items())
        ]
        env = [
            Env(f"PASSWORD_{suffix}", SecretRef(name, "password")) for name, suffix, *_ in logins
        ]
        if self.spec.replicas > 1:
            env.append(Env("REPLICATION_PASSWORD", SecretRef(self.replication, "password")))
        script = kube.render(
            __file__, "redis-users.sh.j2", logins=logins, users=self.users, spec=self.spec,
            sentinel_commands=sentinel.USER,
        ) + self._roles()  # fmt: skip
        return kube.Container(
            "users", self.me.spec.image, self.resources, command=["sh", "-c", script], env=env
        )

    def _roles(self) -> str:
        """Finds the primary and configures the pod's Sentinel, at each start of a pod."""
        if self.spec.failover == "none":
            return ""
        return sentinel.roles(self.me, self.program.client, self.users, PORT)


def _watched(
    me: model.Instance[Any], server: Server, claims: Sequence[redis.Binding]
) -> Iterator[model.Piece]:
    """Servers of equal rank, each with a Sentinel: each of them may be the primary."""
    ports = {"tcp-sentinel": sentinel.PORT}
    yield server.credential()
    yield server.pods("server", claims, replicas=me.spec.replicas, parallel=True)
    yield kube.service(me, "server", ports)
    yield kube.headless(me, "server", {**ports, "tcp-redis": PORT})
    yield model.InternalTraffic("server", "server", (PORT, sentinel.PORT))
    yield redis_metrics.of("server", PORT)
