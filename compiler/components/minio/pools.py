"""Describe MinIO's pools: servers with the same number of drives, which hold objects in erasure sets.

A pool never changes its servers or drives; a store grows by another pool. The drives of a pool are
divided into the largest sets of 2 to 16 that its servers share evenly (cmd/endpoint-ellipses.go,
getSetIndexes), and all sets have the parity of the first pool's sets (cmd/erasure-server-pool.go,
newErasureServerPools), at most half of a set (internal/config/storageclass, ValidateParity). Read in
RELEASE.2025-09-07, where every server refuses others with other arguments
(cmd/bootstrap-peer-server.go).
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Struct
from pydantic import AfterValidator, Field

from compiler import model
from compiler.spec import quantity
from compiler.spec.constraints import InvalidValue
from compiler.spec.types import Storage

LARGEST_SET = 16


def _erasure_set(servers: int) -> int:
    if servers in (2, 3):
        message = f"MinIO runs on 1 server or on at least 4, not on {servers}"
        raise InvalidValue("out-of-range", message, "write `replicas: 4`")
    return servers


Servers = Annotated[
    int,
    Field(ge=1, le=32, json_schema_extra={"not": {"enum": [2, 3]}}),
    AfterValidator(_erasure_set),
]
Drives = Annotated[int, Field(ge=1, le=16)]


class FurtherPool(model.Section):
    """A pool of servers that was added later."""

    replicas: int = Field(default=4, ge=4, le=32, description="Its servers.")
    drives: Drives = Field(default=1, description="Volumes of each server.")
    storage: Storage = Field(default="50Gi", description="Size of each volume.")


class Pool(Struct, frozen=True):
    """A pool of an instance: the names of its objects, and its drives."""

    name: str  # the name of its StatefulSet
    role: str
    servers: int
    drives: int
    storage: str

    @property
    def headless(self) -> str:
        return f"{self.name}-headless"

    @property
    def volumes(self) -> dict[str, str]:
        """The names of a server's volumes, with the folders where they are mounted."""
        if self.drives == 1:
            return {"data": "/data"}
        return {f"data-{number}": f"/data-{number}" for number in range(1, self.drives + 1)}

    @property
    def folders(self) -> str:
        """The folders of a server, in MinIO's notation."""
        return "/data" if self.drives == 1 else f"/data-{{1...{self.drives}}}"

    @property
    def set_size(self) -> int:
        """The drives of each erasure set; 0 where none can be formed."""
        total, servers = self.servers * self.drives, self.servers
        sizes = (
            size
            for size in range(LARGEST_SET, 1, -1)
            if total % size == 0 and max(servers, size) % min(servers, size) == 0
        )
        return 1 if total == 1 else next(sizes, 0)

    def share(self, parity: int) -> float:
        """The share of the volumes' bytes that is not parity."""
        return self.servers * self.drives * (self.set_size - parity) / self.set_size

    def room(self, parity: int) -> float:
        """The bytes on its volumes that are not parity."""
        return quantity.in_bytes(self.storage) * self.share(parity)


def pools(me: model.Instance[Any]) -> tuple[Pool, ...]:
    """The pools of an instance, in the order of the spec."""
    return _of_spec(me.spec, me.name)


def room(me: model.Instance[Any]) -> float:
    """The bytes on all volumes of an instance that are not parity."""
    all_pools = pools(me)
    lost = parity(all_pools[0].set_size)
    return sum(pool.room(lost) for pool in all_pools)


def _of_spec(spec: Any, name: str = "") -> tuple[Pool, ...]:
    further = (
        Pool(f"{name}-pool-{number}", f"pool-{number}", pool.replicas, pool.drives, pool.storage)
        for number, pool in enumerate(spec.pools, 2)
    )
    return (Pool(name, "server", spec.replicas, spec.drives, spec.storage), *further)


def parity(set_size: int) -> int:
    """The drives of an erasure set that may be lost, by default (DefaultParityBlocks)."""
    return next(
        lost for least, lost in ((8, 4), (6, 3), (4, 2), (2, 1), (1, 0)) if set_size >= least
    )


def check(spec: Any) -> None:
    """Refuse pools with which MinIO does not start."""
    if spec.pools and spec.replicas == 1:
        message = "a single server cannot grow by pools: its data is in no erasure set"
        help = "`spec.move` copies it into a new instance with `replicas: 4`"
        raise InvalidValue("out-of-range", message, help, at="pools")
    first_pool, *further = _of_spec(spec)
    for number, pool in enumerate((first_pool, *further), 1):
        if not pool.set_size:
            message = f"{pool.servers * pool.drives} drives on {pool.servers} servers cannot form even erasure sets"
            help = f"write `replicas: {_nearest(pool)}`"
            raise InvalidValue(
                "out-of-range", message, help, at="pools" if number > 1 else "replicas"
            )
    least = 2 * parity(first_pool.set_size)
    for number, pool in enumerate(further, 2):
        if pool.set_size < least:
            message = (
                f"pool {number} has erasure sets of {pool.set_size} drives, and the first pool's "
                f"parity of {least // 2} needs {least}"
            )
            raise InvalidValue("out-of-range", message, f"write `replicas: {least}`", at="pools")


def _nearest(pool: Pool) -> int:
    """The next number of servers that form even erasure sets."""
    return next(
        servers
        for servers in range(pool.servers, 2 * pool.servers + 1)
        if Pool("", "", servers, pool.drives, pool.storage).set_size
    )
