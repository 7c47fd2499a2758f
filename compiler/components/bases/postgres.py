"""Calculate the sizes of a PostgreSQL server: memory from its connections, log from its disk.

Measured on PostgreSQL 15.18: an idle backend after a join holds 2.5 MB of private memory (Pss_Anon
and page tables). PostgreSQL's manual starts with a quarter of the memory for shared buffers (17,
19.4.1); checkpoints keep the log near `max_wal_size`, and may exceed it under load (28.5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from compiler import kube, model
from compiler.interfaces import postgresql, sql
from compiler.interfaces.connections import capacity
from compiler.spec import quantity
from compiler.spec.component import Resources
from compiler.spec.quantity import GIB, MIB

CONNECTION = 5 * MIB // 2
SERVER = 128 * MIB  # the memory of its own processes and of autovacuum
BUFFERS = 4  # shared buffers are one part of so many
STEP = 256 * MIB  # the limit grows in such steps, so that it seldom changes
# The log takes one part of so many of the disk, and the same again while checkpoints lag behind.
LOG = 8
# A new database takes 8 MiB (PostgreSQL 17, template1).
DATABASE = 8 * MIB
SERVER_DISK = 256 * MIB
SEGMENT = 16 * MIB  # a file of the log; PostgreSQL needs two of them (18, 19.5)
MIN_WAL_SIZE = 5 * SEGMENT  # PostgreSQL's own, which must be below `max_wal_size`
REQUEST = 512 * MIB


class Spec(Protocol):
    """The fields about the size of such a server."""

    @property
    def max_connections(self) -> int | None: ...
    @property
    def storage(self) -> str: ...
    @property
    def resources(self) -> Resources: ...


def memory(connections: int) -> int:
    """The memory for a server's connections, shared buffers and own processes."""
    return (connections * CONNECTION + SERVER) * BUFFERS // (BUFFERS - 1)


def limit(connections: int) -> str:
    """The memory limit, where the user sets none."""
    steps = -(-memory(connections) // STEP)
    return quantity.binary(max(steps * STEP, GIB))


def parameters(connections: int, memory_limit: str, storage: str) -> dict[str, str]:
    """The parameters that follow from a server's connections, memory and disk."""
    settings = {
        "max_connections": str(connections),
        "shared_buffers": f"{buffers(memory_limit) // MIB}MB",
    }
    log = quantity.in_bytes(storage) // LOG
    if log >= GIB:
        return settings
    longest = max(log, 3 * SEGMENT)
    settings["max_wal_size"] = f"{longest // MIB}MB"
    if longest <= MIN_WAL_SIZE:
        settings["min_wal_size"] = f"{2 * SEGMENT // MIB}MB"
    return settings


def buffers(memory_limit: str) -> int:
    """The shared buffers of a server with such a limit, in bytes."""
    return quantity.in_bytes(memory_limit) // BUFFERS // MIB * MIB


def connections(spec: Spec, bindings: Sequence[postgresql.Binding]) -> int:
    """The connections that a server accepts: as set, or as many as its clients may open."""
    return spec.max_connections or capacity(bindings)


def resources(spec: Spec, connections: int) -> model.Manifest:
    """Requests and limits. The memory limit follows from the connections where none is set.

    The request holds at least the shared buffers, which a server in use fills.
    """
    most = spec.resources.limits.memory or limit(connections)
    least = quantity.binary(max(REQUEST, buffers(most)))
    return kube.resources(
        spec.resources, cpu="250m", memory=least, cpu_limit="2", memory_limit=limit(connections)
    )


def sizes(spec: Spec, bindings: Sequence[postgresql.Binding]) -> Iterator[model.Size]:
    """Its memory and its disk, each with the required size."""
    count = connections(spec, bindings)
    databases = len({binding.claim.database for binding in sql.logins(bindings)})
    yield model.memory(
        quantity.in_bytes(resources(spec, count)["limits"]["memory"]),
        memory(count),
        f"{count} connections of 2.5Mi, {SERVER // MIB}Mi of its own, and a quarter for "
        "shared buffers",
    )
    yield model.volume(
        quantity.in_bytes(spec.storage),
        SERVER_DISK + databases * DATABASE,
        f"{SERVER_DISK // MIB}Mi of its own and its log, and {DATABASE // MIB}Mi for each of "
        f"{databases} databases",
    )
