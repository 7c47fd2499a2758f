"""Changes that no single object shows: consumers whose data would be looked for somewhere else.

A consumer finds its data by its provider and by what it claims there (a database, buckets). If
either is another one, it starts with nothing, though every object looks harmless.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diff import Action, Change, FieldChange, Judgement, Risk
from compiler.diff.logins import left
from compiler.diff.risk import holds_data
from compiler.diff.rules import COPY
from compiler.model.binding import Binding
from compiler.model.graph import Graph
from compiler.model.package import Lowered
from compiler.registry import module


def moved(environment: str, before: Lowered, after: Lowered) -> Iterator[Change]:
    """Everything that would start without the data that it had, and what is left of who is gone."""
    yield from _settings(environment, before, after)
    yield from _instances(environment, before, after)
    yield from _bindings(environment, before.graph, after.graph)
    yield from left(environment, before.graph, after.graph)


def _settings(environment: str, before: Lowered, after: Lowered) -> Iterator[Change]:
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
                "whoever makes them now makes other ones, which the servers do not know",
                "give the new provider the values that are in use",
            ),
        )  # fmt: skip


def _instances(environment: str, before: Lowered, after: Lowered) -> Iterator[Change]:
    """Instances that keep their name and become another thing, or look at other data."""
    for name in sorted(before.packages.keys() & after.packages.keys()):
        old, new = before.packages[name].instance, after.packages[name].instance
        if old is None or new is None:
            continue
        if old.type != new.type:
            if any(holds_data(one.manifest) for one in before.packages[name].resources):
                types = FieldChange("type", old.type, new.type)
                yield _change(
                    environment, name, "Component", name, types,
                    Judgement(Risk.DATA_LOSS, "the new system can't read the old one's data", COPY),
                )  # fmt: skip
            continue
        for field in getattr(module(old), "DATA_FIELDS", ()):
            values = FieldChange(field, getattr(old.spec, field), getattr(new.spec, field))
            if values.before != values.after:
                yield _change(
                    environment, name, "Component", name, values,
                    Judgement(Risk.DATA_LOSS, "it says which data is this instance's", COPY),
                )  # fmt: skip


def _bindings(environment: str, before: Graph, after: Graph) -> Iterator[Change]:
    ours, theirs = _claims(before), _claims(after)
    names = _renamed(before, after)
    for (name, slot), binding in sorted(ours.items(), key=lambda one: one[0]):
        consumer = names.get(name, name)
        if (consumer, slot) not in theirs:
            continue
        old, new = binding.final, theirs[consumer, slot].final
        lost = set(old.claim.resources) - set(new.claim.resources)
        if not old.claim.resources or (not lost and _address(old) == _address(new)):
            continue
        change = FieldChange(slot, _words(old), _words(new))
        yield _change(
            environment, consumer, old.requires.endpoint.interface, f"{consumer} {slot}", change,
            Judgement(Risk.DATA_LOSS, f"`{consumer}` starts without the data that it had", COPY),
        )  # fmt: skip


def _renamed(before: Graph, after: Graph) -> dict[str, str]:
    """Instances that are gone, and one of their type that is new: most likely the same."""
    gone, new = (
        {
            name: one.type
            for name, one in sorted(ours.instances.items())
            if name not in theirs.instances and one.section == "components"
        }
        for ours, theirs in ((before, after), (after, before))
    )
    types = {type: name for name, type in new.items()}
    return {name: types[type] for name, type in gone.items() if type in types}


def _claims(graph: Graph) -> dict[tuple[str, str], Binding]:
    return {
        (binding.consumer.name, binding.requires.slot): binding
        for binding in graph.bindings
        if binding.via is None
    }


def _address(binding: Binding) -> tuple[str, str, str]:
    """Which provider it is; a Service's own name may change, an outside address may not."""
    provider = binding.provider
    return provider.name, provider.type, binding.host if binding.offer.external else ""


def _words(binding: Binding) -> str:
    claimed = ", ".join(sorted(binding.claim.resources))
    where = f" ({binding.host})" if binding.offer.external else ""
    return f"{claimed} of {binding.provider.name}{where}"


def _change(
    environment: str, component: str, kind: str, name: str, field: FieldChange,
    judgement: Judgement,
) -> Change:  # fmt: skip
    return Change(environment, component, Action.MOVED, kind, "", name, (field,), (judgement,))
