"""Find databases, buckets and keys that consumers used before, and that no consumer reads now.

The server keeps them, but no program of the spec reads them, and backups that copy the claimed databases
and buckets no longer copy them. Data that a consumer only read, such as a model's files, counts if backups
copied it: a person has put it there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from compiler.diff import Action, Change
from compiler.diff.ended_move import ended
from compiler.diff.places import Claims, address, claims
from compiler.diff.retained import renamed
from compiler.diff.risk import holds_data
from compiler.kube.labels import COMPONENT
from compiler.model.binding import Binding
from compiler.model.effects import Judgement, Risk
from compiler.model.package import Lowered

_COPY = "first copy what you still need; delete the rest by hand"


class _Place(Struct, frozen=True, order=True):
    """All data of one interface at a provider."""

    provider: tuple[str, ...]
    interface: str


def changes(
    environment: str, before: Lowered, after: Lowered, servers: Mapping[str, str],
    pair: frozenset[str],
) -> Iterator[Change]:  # fmt: skip
    """The data without a reader. `pair` are the instances of a move, between which a Job copies all data."""
    new_claims = claims(after.graph)
    readable = _readable(new_claims, pair)
    names = renamed(before.graph, after.graph)
    users = _users(before, servers, pair)
    for (place, name), bindings in sorted(users.items(), key=lambda item: item[0]):
        # A consumer that continues without its data has its own change.
        slots = {
            (names.get(b.consumer.name, b.consumer.name), b.requires.slot)
            for b in bindings
            if name in b.final.claim.keeps
        }
        if slots & new_claims.keys() or not _stays(bindings[0].final, before, after, servers):
            continue
        if not any(fnmatchcase(name, pattern) for pattern in readable[place]):
            yield _change(environment, name, bindings, before, after)


def _change(
    environment: str, name: str, bindings: Sequence[Binding], before: Lowered, after: Lowered
) -> Change:
    final = bindings[0].final
    consumers = sorted({binding.consumer.name for binding in bindings})
    return Change(
        environment, consumers[0], Action.LEFT_BEHIND, final.claim.noun.capitalize(), "",
        f"{name} of {final.provider.name}",
        judgements=(_judgement(final, consumers, before, after),),
    )  # fmt: skip


def _users(
    before: Lowered, servers: Mapping[str, str], pair: frozenset[str]
) -> dict[tuple[_Place, str], list[Binding]]:
    """The bindings of the consumers that keep data, or read copied data, by its place and name."""
    users: dict[tuple[_Place, str], list[Binding]] = defaultdict(list)
    for _, binding in sorted(claims(before.graph).items(), key=lambda item: item[0]):
        claim = binding.final.claim
        for name in claim.opens if _was_copied(binding.final, before) else claim.keeps:
            users[_place(binding.final, servers, pair), name].append(binding)
    return users


def _readable(new: Claims, pair: frozenset[str]) -> dict[_Place, set[str]]:
    """The names and patterns of the data that consumers can read at each place."""
    readable: dict[_Place, set[str]] = defaultdict(set)
    for binding in new.values():
        readable[_place(binding.final, {}, pair)].update(binding.final.claim.opens)
    return readable


def _place(binding: Binding, servers: Mapping[str, str], pair: frozenset[str]) -> _Place:
    """The place of the data of a binding; both instances of a move are one place."""
    in_pair = binding.provider.name in pair
    provider = tuple(sorted(pair)) if in_pair else address(binding, servers)
    return _Place(provider, binding.requires.endpoint.interface)


def _stays(binding: Binding, before: Lowered, after: Lowered, servers: Mapping[str, str]) -> bool:
    """Whether the server with the data stays; the removal of a server has its own change."""
    old = binding.provider
    if binding.offer.external:
        return True
    new = after.graph.instances.get(servers.get(old.name, old.name))
    package = before.packages.get(old.name)
    if new is None or package is None or (new.type, new.namespace) != (old.type, old.namespace):
        return False
    return any(holds_data(resource) for resource in package.resources)


def _judgement(
    binding: Binding, consumers: list[str], before: Lowered, after: Lowered
) -> Judgement:
    move = ended(before, after)
    if move is not None and consumers == [move.from_]:
        reason = f"`{move.to}` has taken the place of `{move.from_}`; it stays until you delete it"
        return Judgement(Risk.NO_OP, reason)
    copied = ", and the backups no longer copy it" if _was_copied(binding, before) else ""
    return Judgement(
        Risk.DATA_LOSS, f"it stays, but no program of the spec reads it{copied}", _COPY
    )


def _was_copied(binding: Binding, before: Lowered) -> bool:
    """Whether CronJobs of the provider copied the data by its name."""
    package = before.packages.get(binding.provider.name)
    return getattr(binding.claim, "copied", True) and any(
        resource.kind == "CronJob"
        and resource.manifest["metadata"].get("labels", {}).get(COMPONENT) == "backup"
        for resource in (package.resources if package else ())
    )
