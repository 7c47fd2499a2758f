"""Find changes that no single object shows: consumers that would look for their data in another place.

A consumer finds its data by its provider and its claims there (a database, buckets). If either
changes, it starts without data, although every object looks harmless.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from compiler.diff import Action, Change, retained, unread
from compiler.diff.logins import unused_logins
from compiler.diff.places import Claims, address, claims
from compiler.diff.retained import renamed
from compiler.diff.risk import holds_data
from compiler.diff.versions import RISKS
from compiler.model.binding import Binding
from compiler.model.effects import COPY, FieldChange, Judgement, Risk
from compiler.model.graph import Graph
from compiler.model.instance import Instance
from compiler.model.package import Lowered
from compiler.registry import component_of
from compiler.spec.settings import Store


def moved(environment: str, before: Lowered, after: Lowered) -> Iterator[Change]:
    """Consumers that would start without their data, and logins of removed consumers."""
    yield from _settings(environment, before, after)
    yield from _instances(environment, before, after)
    servers = retained.servers(before, after)
    yield from retained.changes(environment, servers, before)
    pair = _pair(before, after)
    yield from _bindings(environment, before.graph, after.graph, servers, pair)
    yield from unread.changes(environment, before, after, servers, pair)
    yield from unused_logins(environment, before.graph, after.graph)


def _settings(environment: str, before: Lowered, after: Lowered) -> Iterator[Change]:
    """Changes of settings by which all data or all credentials of an environment are replaced."""
    old, new = before.platform.settings, after.platform.settings
    if old.cluster.name != new.cluster.name:
        names = FieldChange("cluster/name", old.cluster.name, new.cluster.name)
        yield _change(
            environment, "namespaces", "Cluster", "of the environment", names,
            Judgement(Risk.DATA_LOSS, "volumes stay behind in the other cluster", COPY),
        )  # fmt: skip
    if old.secrets.provider != new.secrets.provider:
        names = FieldChange("secrets/provider", old.secrets.provider, new.secrets.provider)
        yield _change(
            environment, "namespaces", "Credentials", "of the environment", names,
            Judgement(
                Risk.DOWNTIME,
                "the new provider makes other values, which the servers do not know",
                "give the new provider the values that are in use",
            ),
        )  # fmt: skip
    elif old.secrets.store != new.secrets.store:
        stores = (_words_of_store(secrets.store) for secrets in (old.secrets, new.secrets))
        yield _change(
            environment, "namespaces", "Credentials", "of the environment",
            FieldChange("secrets/store", *stores),
            Judgement(
                Risk.DOWNTIME,
                "the values come from elsewhere, and the servers know those that are in use alone",
                "put the values that are in use into the new store",
            ),
        )  # fmt: skip


def _words_of_store(store: Store | None) -> str | None:
    if store is None:
        return None
    return " ".join(filter(None, (store.kind, store.name, store.prefix)))


def _instances(environment: str, before: Lowered, after: Lowered) -> Iterator[Change]:
    """Instances that keep their name but change their type, or the data that they use."""
    for name in sorted(before.packages.keys() & after.packages.keys()):
        old, new = before.packages[name].instance, after.packages[name].instance
        if old is None or new is None:
            continue
        if old.type != new.type:
            if any(holds_data(resource) for resource in before.packages[name].resources):
                types = FieldChange("type", old.type, new.type)
                yield _change(
                    environment, name, "Component", name, types,
                    Judgement(Risk.DATA_LOSS, "the new system can't read the old one's data", COPY),
                )  # fmt: skip
            continue
        yield from _settings_of(environment, name, old, new)
        for field in component_of(old).DATA_FIELDS:
            values = FieldChange(field, getattr(old.spec, field), getattr(new.spec, field))
            if values.before != values.after:
                yield _change(
                    environment, name, "Component", name, values,
                    Judgement(Risk.DATA_LOSS, "it says which data is this instance's", COPY),
                )  # fmt: skip


def _settings_of(
    environment: str, name: str, old: Instance[Any], new: Instance[Any]
) -> Iterator[Change]:
    """Settings that decide which of its data a server reads."""
    for row in component_of(old).VERSIONS.settings:
        before, after = (str(getattr(instance.spec, row.field)) for instance in (old, new))
        if row.crossed(before, after):
            crossing = row.crossing
            yield _change(
                environment, name, "Component", name, FieldChange(row.field, before, after),
                Judgement(RISKS[crossing.risk], crossing.reason, crossing.remedy),
            )  # fmt: skip


def _pair(before: Lowered, after: Lowered) -> frozenset[str]:
    """The two instances of a move that was under way before: its plan copies the data."""
    old, new = before.platform.settings.move, after.platform.settings.move
    if old is None or new is None or (old.from_, old.to) != (new.from_, new.to):
        return frozenset()
    return frozenset((new.from_, new.to))


def _bindings(
    environment: str, before: Graph, after: Graph, servers: Mapping[str, str],
    pair: frozenset[str],
) -> Iterator[Change]:  # fmt: skip
    """Consumers that no longer reach their data; `servers` are renamed servers that keep their data."""
    old_claims, new_claims = claims(before), claims(after)
    used = _used(new_claims)
    names = renamed(before, after)
    for (name, slot), binding in sorted(old_claims.items(), key=lambda item: item[0]):
        consumer = names.get(name, name)
        if (consumer, slot) not in new_claims:
            continue
        old, new = binding.final, new_claims[consumer, slot].final
        lost = set(old.claim.keeps) - set(new.claim.opens)
        if not old.claim.keeps:
            continue
        if not lost and address(old, servers) == address(new):
            if consumer != name:
                yield retained.binding(environment, name, new)
            continue
        if not lost and {old.provider.name, new.provider.name} == pair:
            judgement = _moved_along(consumer, old.provider.name)
        elif _is_still_used(old, lost, new_claims, used, address(old, servers)):
            judgement = _access_judgement(consumer, lost)
        else:
            judgement = _without_data(consumer)
        yield _change(
            environment, consumer, old.requires.endpoint.interface, f"{consumer} {slot}",
            FieldChange(slot, _words(old), _words(new)), judgement,
        )  # fmt: skip


def _without_data(consumer: str) -> Judgement:
    return Judgement(Risk.DATA_LOSS, f"`{consumer}` starts without the data that it had", COPY)


def _moved_along(consumer: str, old: str) -> Judgement:
    return Judgement(
        Risk.DOWNTIME,
        f"`{consumer}` stops while the rest of its data is copied from `{old}`",
        "deliver it by the plan that `platformc move` prints: it copies, compares and then changes over",
    )


def _used(claims: Claims) -> Mapping[object, set[str]]:
    """The data that consumers can read at each address."""
    used: dict[object, set[str]] = defaultdict(set)
    for binding in claims.values():
        used[address(binding.final)].update(binding.final.claim.opens)
    return used


def _is_still_used(
    old: Binding, lost: set[str], claims: Claims, used: Mapping[object, set[str]], place: object
) -> bool:
    """Whether other consumers still use all resources that a consumer no longer claims."""
    new = claims.get((old.consumer.name, old.requires.slot))
    if not lost or new is None or place != address(new.final):
        return False
    return lost <= used.get(place, set())


def _access_judgement(consumer: str, lost: set[str]) -> Judgement:
    names = ", ".join(f"`{name}`" for name in sorted(lost))
    return Judgement(
        Risk.DOWNTIME,
        f"`{consumer}` no longer has a key to {names}: the data stays, and addresses of objects "
        "in it that were noted before open for others alone",
        "read them through the server in front, or let the consumer use the store too",
    )


def _words(binding: Binding) -> str:
    claimed = ", ".join(sorted(binding.claim.keeps))
    host = f" ({binding.host})" if binding.offer.external else ""
    return f"{claimed} of {binding.provider.name}{host}"


def _change(
    environment: str, component: str, kind: str, name: str, field: FieldChange,
    judgement: Judgement,
) -> Change:  # fmt: skip
    return Change(environment, component, Action.MOVED, kind, "", name, (field,), (judgement,))
