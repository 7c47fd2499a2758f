"""Define a server of the Redis protocol: its fields, slots, sizes and problems.

One primary takes the writes; further replicas are read-only copies. Without Sentinel none is promoted:
while the primary's pod restarts, writes fail and the copies keep answering. Facts about Redis 7.0 and 8.2 and
Valkey 9.1: memory is unlimited without `maxmemory`, a fork for a snapshot or a rewritten log copies
the pages that change meanwhile, and a primary that comes back empty empties its copies.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import Field

from compiler import model
from compiler.components.bases import sentinel
from compiler.interfaces import redis
from compiler.spec import quantity
from compiler.spec.constraints import InvalidValue
from compiler.spec.quantity import GIB
from compiler.spec.types import Memory, Storage

KEYS = model.Provides("keys", redis.Endpoint)
PORT = 6379
# The share of the memory limit for keys; the rest is for buffers, fragmentation and, with persistence,
# the pages that a fork copies.
SHARE = {"none": 75, "rdb": 55, "aof": 55}
# Disk for each byte of the limit: a snapshot and its successor; a log grows to twice its base
# before it is rewritten, while the old one exists.
DISK = {"rdb": 2, "aof": 3}
FILE_KEYS = (
    ("maxmemory", "memory"),
    ("maxmemory-policy", "eviction"),
    ("appendonly", "persistence"),
    ("appendfsync", "persistence"),
    ("save", "persistence"),
    ("client-output-buffer-limit", "memory"),
    ("repl-backlog-size", "memory"),
    ("min-replicas-to-write", "failover"),
    ("min-replicas-max-lag", "failover"),
)


class Spec(model.VolumeSpec, model.AdoptsVolume):
    """The fields of Redis and Valkey."""

    memory: Memory = Field(
        default="1Gi", description="The hard limit; `maxmemory` is derived from it."
    )
    eviction: Literal[
        "allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu",
        "volatile-random", "volatile-ttl", "noeviction",
    ] = Field(default="allkeys-lru", description="Which keys are evicted when memory is full (`maxmemory-policy`).")  # fmt: skip
    persistence: Literal["aof", "rdb", "none"] = Field(
        default="aof", description="A log of all writes, snapshots, or nothing on disk."
    )
    storage: Storage | None = Field(
        default=None, description="Size of each volume; default: what the persistence needs."
    )
    replicas: int = Field(
        default=1, ge=1, le=10, description="One primary, and read-only copies; see `failover`."
    )
    failover: Literal["none", "sentinel"] = Field(
        default="none", description="Whether Sentinels promote a copy when the primary is lost."
    )

    def check(self) -> None:
        # First: without a volume, no further key of a claim is of use.
        if self.persistence == "none":
            self._check_no_volume()
        super().check()
        if self.failover == "sentinel" and self.replicas < 3:
            message = f"{self.replicas} Sentinels have no majority after the loss of one"
            raise InvalidValue("invalid-value", message, "write `replicas: 3`")
        if self.replicas > 1 and self.persistence == "none":
            message = "a primary without persistence comes back empty and empties its replicas"
            raise InvalidValue(
                "invalid-value", message, "write `persistence: aof`, or `replicas: 1`"
            )

    def _check_no_volume(self) -> None:
        """Refuse fields of a volume, which a server without persistence does not have."""
        claim = self.adopt.claim if self.adopt else None
        fields = {"adopt": claim, "storage": self.storage, "storageClass": self.storage_class}
        for key, value in fields.items():
            if value is not None:
                field = f"claim: {value}" if key == "adopt" else f"{key}: {value}"
                message = f"`{field}` is about a volume, and with `persistence: none` there is none"
                help = f"write `persistence: aof` or `rdb`, or remove `{field}`"
                raise InvalidValue("invalid-value", message, help, at=key)


def claims(me: model.Instance[Any]) -> model.Claims:
    return {}


def offers(me: model.Instance[Any]) -> model.Offers:
    return {KEYS: _offer(me)}


def _offer(me: model.Instance[Any]) -> redis.Offer:
    if me.spec.failover == "sentinel":
        return redis.Offer(
            mode="sentinel",
            primary=me.name,
            hosts=sentinel.hosts(me),
            port=sentinel.PORT,
            further_ports=(PORT,),
            pods={"app.kubernetes.io/instance": me.name},
        )
    return redis.Offer(
        port=PORT,
        pods={"app.kubernetes.io/instance": me.name},  # the primary and its replicas
        readers=f"{me.name}-read" if me.spec.replicas > 1 else None,
    )


def maxmemory(limit: int, persistence: str) -> int:
    """The number of bytes for keys, below a memory limit."""
    return limit * SHARE[persistence] // 100


def storage(spec: Spec, limit: int) -> str:
    """The size of a volume in whole gibibytes."""
    return spec.storage or quantity.binary(_disk(spec.persistence, limit))


def _disk(persistence: str, limit: int) -> int:
    """The maximum that a persistence mode writes, in whole gibibytes."""
    return -(-limit * DISK[persistence] // GIB) * GIB


def sizes(me: model.Instance[Any], wiring: model.Wiring) -> Iterator[model.Size]:
    """The configured disk, with the size that the persistence mode needs."""
    spec: Spec = me.spec
    if spec.storage is not None and spec.persistence != "none":
        limit = spec.resources.limits.memory or spec.memory
        needed = _disk(spec.persistence, quantity.in_bytes(limit))
        words = f"{DISK[spec.persistence]} x {limit} for `{spec.persistence}`"
        yield model.volume(quantity.in_bytes(spec.storage), needed, words)


def problems(me: model.Instance[Any]) -> Iterator[model.Problem]:
    """The problem of a memory limit that differs from `memory`, from which the keys' share follows."""
    limit, memory = me.spec.resources.limits.memory, me.spec.memory
    if limit is not None and quantity.in_bytes(limit) != quantity.in_bytes(memory):
        yield model.Problem(
            "memory-limit",
            f"`{me.name}` has a memory limit of {limit} beside `memory: {memory}`, "
            "and the memory for keys follows it",
            ("resources", "limits", "memory"),
            help=f"delete the limit and write `memory: {limit}`",
        )


def binding_problems(me: model.Instance[Any], wiring: model.Wiring) -> Iterator[model.Problem]:
    """The problems of keys that the server cannot keep as its clients need them."""
    clients = wiring.claims(KEYS)
    yield from _eviction_problems(me, clients)
    yield from _overlaps(me, clients)


def _overlaps(me: model.Instance[Any], clients: Sequence[redis.Binding]) -> Iterator[model.Problem]:
    """The problem of a client whose login reaches keys of another client.

    A pattern such as `*p1` admits every key that ends in `p1`, also the keys of `*x_p1`. The part before
    the ending is free, so no pattern separates them. Clients with equal patterns mean the same keys.
    """
    owned = {
        (binding.consumer.name, pattern.removeprefix("*")): binding
        for binding in clients
        # Workloads have the keys of the components that they use.
        if binding.consumer.section == "components" and isinstance(binding.claim, redis.Claim)
        for pattern in binding.claim.keys
        if pattern.startswith("*") and pattern != "*"
    }
    for name, ending in sorted(owned):
        for other, longer in sorted(owned):
            if other != name and longer != ending and longer.endswith(ending):
                yield model.Problem(
                    "shared-claim",
                    f"the login of `{name}` at `{me.name}` reaches the keys of `{other}`: both end "
                    f"in `{ending}`, and those of `{other}` in `{longer}`",
                    (),
                    f"choose names of which none ends like the other, such as `{longer}_2`, or give "
                    f"`{other}` another server by `bind`",
                    related=("the other client", owned[other, longer].consumer.path),
                )


def _eviction_problems(
    me: model.Instance[Any], clients: Sequence[redis.Binding]
) -> Iterator[model.Problem]:
    """The problem of an eviction policy for keys with a time to live, if the clients' keys have none.

    Nothing can be evicted when memory is full, so writes fail as with `noeviction` (Redis
    documentation, key eviction).
    """
    for binding in clients if me.spec.eviction.startswith("volatile-") else ():
        if isinstance(binding.claim, redis.Claim) and binding.claim.lasting:
            client = binding.consumer
            yield model.Problem(
                "eviction-policy",
                f"`{me.name}` evicts only keys that expire, and those of `{client.name}` don't: "
                "once it is full, writes fail",
                ("eviction",),
                f"write `eviction: allkeys-lru`, or `{binding.claim.lasting}` in `{client.name}`",
                related=("its client", client.path),
            )
