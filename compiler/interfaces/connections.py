"""Count the connections that clients and poolers open to a PostgreSQL server, and share them between pools."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from compiler import model
from compiler.interfaces.postgresql import Binding, Pooling

DEFAULT_POOL = 20  # connections of a pool if the server's limit is unknown: PgBouncer's own default
RESERVED = 13  # connections kept from clients: 3 for superusers, 10 for operators and exporters
STEP, MINIMUM, MAXIMUM = 50, 100, 10000
LEAST_CLIENTS = 1000  # connections that a pooler accepts at least, unless the spec sets fewer


class Part(Struct, frozen=True):
    """Connections that one instance opens, and how they come about."""

    instance: model.Instance[Any]
    count: int
    calculation: str


NO_SIZES: Mapping[str, int] = {}


def parts(claims: Iterable[Binding], sizes: Mapping[str, int] = NO_SIZES) -> Iterator[Part]:
    """Every instance with connections to a server: direct clients, and poolers for their clients.

    `claims` are all claims on the server's offer, with the forwarded ones. `sizes` are those of the poolers'
    pools, by pooler; without them, a pool whose size is derived counts as the smallest useful one.
    """
    claims = list(claims)
    for binding in claims:
        if binding.via is None and binding.claim.database:
            yield _of_client(binding)
        elif binding.claim.direct:
            yield Part(binding.consumer, binding.claim.direct, "past the pooler")
    for name, pooler in _poolers(claims).items():
        size = sizes.get(name, pooler.pooling.least)
        calculation = f"{pooler.pooling.replicas} replicas x {pooler.pools} pools x {size}"
        yield Part(pooler.instance, pooler.number * size, calculation)


def _of_client(binding: Binding) -> Part:
    claim = binding.claim
    return Part(binding.consumer, claim.connections, claim.calculation or "its clients")


def parts_of_pooler(logins: Iterable[Binding]) -> Iterator[Part]:
    """Every client of a pooler, with the connections that it opens there."""
    for login in logins:
        client, past = _of_client(login), login.claim.direct
        calculation = client.calculation + (f" - {past} past the pooler" if past else "")
        yield Part(client.instance, client.count - past, calculation)


def most_clients(logins: Iterable[Binding]) -> int:
    """The limit of a pooler that is made for its clients: one replica may get them all."""
    opened = sum(part.count for part in parts_of_pooler(logins))
    return max(-(-opened // STEP) * STEP, LEAST_CLIENTS)


class _Pooler(Struct, frozen=True):
    """A pooler of a server, and its pools: one for each login and database."""

    instance: model.Instance[Any]
    pooling: Pooling
    pools: int

    @property
    def number(self) -> int:
        """The number of pools in all replicas."""
        return self.pooling.replicas * self.pools


def _poolers(claims: Iterable[Binding]) -> dict[str, _Pooler]:
    """The poolers that clients of a server use, by name."""
    return {
        name: _Pooler(
            logins[0].provider,
            logins[0].offer.pooling,
            len({(binding.secret, binding.claim.database) for binding in logins}),
        )
        for name, logins in by_pooler(claims).items()
        if logins[0].offer.pooling is not None
    }


def by_pooler(claims: Iterable[Binding]) -> dict[str, list[Binding]]:
    """The bindings of clients to the poolers of a server, by the poolers' names."""
    clients: dict[str, list[Binding]] = {}
    for binding in claims:
        if binding.via is not None:
            clients.setdefault(binding.via.provider.name, []).append(binding.via)
    return dict(sorted(clients.items()))


def pool_sizes(claims: Iterable[Binding], limit: int | None) -> dict[str, int]:
    """The connections in each pool, by pooler: as configured, or an even part of the rest of the server's limit."""
    claims = list(claims)
    poolers = _poolers(claims)
    sizes = {name: pooler.pooling.size for name, pooler in poolers.items()}
    derived = sum(poolers[name].number for name, size in sizes.items() if size is None)
    default = DEFAULT_POOL
    if limit is not None and derived:
        configured = sum(poolers[name].number * (size or 0) for name, size in sizes.items())
        free = limit - RESERVED - direct_connections(claims) - configured
        default = max(free // derived, 1)
    return {name: size or default for name, size in sizes.items()}


def capacity(claims: Iterable[Binding]) -> int:
    """`max_connections` of a server that is made for its clients, in steps of fifty."""
    opened = RESERVED + sum(part.count for part in parts(claims))
    return min(max(-(-opened // STEP) * STEP, MINIMUM), MAXIMUM)


def direct_connections(claims: Iterable[Binding]) -> int:
    """The number of connections that the claims on a server open without a pooler."""
    return sum(
        binding.claim.direct if binding.via else binding.claim.connections
        for binding in claims
        if binding.claim.database
    )
