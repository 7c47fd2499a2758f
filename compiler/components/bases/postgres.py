"""The sizes of a PostgreSQL server: memory from its connections, log from its disk.

Measured on PostgreSQL 15.18: an idle backend after a join holds 2.5 MB of private memory (Pss_Anon
and page tables). PostgreSQL's manual starts with a quarter of the memory for shared buffers (17,
19.4.1); checkpoints keep the log near `max_wal_size`, and may exceed it under load (28.5).
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler import model
from compiler.spec import quantity
from compiler.spec.quantity import GIB, MIB

CONNECTION = 5 * MIB // 2
SERVER = 128 * MIB  # its own processes, and the work of autovacuum
BUFFERS = 4  # shared buffers are one part of so many
STEP = 256 * MIB  # of the limit, so that it seldom changes
# Of a disk: the log takes one part of so many, and as much again while checkpoints lag behind.
LOG = 8
# A database as it is made takes 8 MiB (PostgreSQL 17, template1).
DATABASE = 8 * MIB
OWN = 256 * MIB


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
        "shared_buffers": f"{quantity.in_bytes(memory_limit) // BUFFERS // MIB}MB",
    }
    log = quantity.in_bytes(storage) // LOG
    return settings if log >= GIB else {**settings, "max_wal_size": f"{max(log // MIB, 32)}MB"}


def sizes(
    resources: model.Manifest, storage: str, connections: int, databases: int
) -> Iterator[model.Size]:
    """Its memory and its disk, each with the required size."""
    yield model.memory(
        quantity.in_bytes(resources["limits"]["memory"]),
        memory(connections),
        f"{connections} connections of 2.5Mi, {SERVER // MIB}Mi of its own, and a quarter for "
        "shared buffers",
    )
    yield model.volume(
        quantity.in_bytes(storage),
        OWN + databases * DATABASE,
        f"{OWN // MIB}Mi of its own and its log, and {DATABASE // MIB}Mi for each of "
        f"{databases} databases",
    )
