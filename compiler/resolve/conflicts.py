"""Report providers whose variables a pod cannot have together, with the settings that leave a single provider."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from compiler import registry
from compiler.document import Path
from compiler.model.binding import Binding
from compiler.model.instance import Instance

if TYPE_CHECKING:
    from compiler.resolve.join import Join


class _Need(Struct, frozen=True):
    """A server that pods need because of an element of `uses`."""

    word: str
    # The slot of the used instance that its clients need too; None if it is used itself.
    slot: str | None
    server: str


def report_conflict(join: Join, path: Path, binding: Binding, earlier: Binding) -> None:
    """Report two providers whose variables a pod of the consumer would need both."""
    consumer = binding.consumer
    interface = binding.requires.endpoint.interface
    servers = {earlier.provider.name, binding.provider.name}
    join.report.add(
        "client-environment-conflict",
        f"`{consumer.name}` would need the `{interface}` variables of both "
        f"`{earlier.provider.name}` and `{binding.provider.name}`",
        join.document.value_span(path),
        path=path,
        help=", or ".join(
            (
                "a pod has one value for each variable: use one of the two",
                *_remedies(join, consumer, path, interface, servers),
            )
        ),
    )


def report_variable_conflict(
    join: Join, path: Path, binding: Binding, earlier: Binding, variable: str
) -> None:
    """Report two providers that would set one variable in a pod of the consumer."""
    if earlier.requires.endpoint is binding.requires.endpoint:
        report_conflict(join, path, binding, earlier)
        return
    pair = earlier.provider.name, binding.provider.name
    join.report.add(
        "client-environment-conflict",
        f"`{binding.consumer.name}` would need two values of `{variable}`: of `{pair[0]}` and of `{pair[1]}`",
        join.document.value_span(path),
        path=path,
        help="a pod has one value for each variable: use one of the two, or rename the instance that the "
        "variable is named after",
    )


def _remedies(
    join: Join, consumer: Instance[Any], path: Path, interface: str, servers: Set[str]
) -> Iterator[str]:
    """The settings of used instances by which the consumer would need only one server of the interface."""
    if path[:-1] != (*consumer.path, "uses"):  # the `uses` of other pods
        return
    needs = list(_needs(join, consumer, interface))
    offering = {candidate.provider.name for candidate in join.candidates[interface]}
    for need in needs:
        rest = {further.server for further in needs if further is not need}
        if need.slot and len(rest) == 1 and rest <= (servers & offering) - {need.word}:
            yield f"write `bind: {{{need.slot}: {next(iter(rest))}}}` on `{need.word}`"
    for word in dict.fromkeys(need.word for need in needs if need.slot):
        rest = {need.server for need in needs if need.word != word}
        for spared, setting in registry.component_of(join.instances[word]).SPARES_CLIENTS:
            if spared == interface and len(rest) <= 1:
                yield f"write `{setting}` on `{word}`"


def _needs(join: Join, consumer: Instance[Any], interface: str) -> Iterator[_Need]:
    """The servers of an interface that a consumer uses, or that its used instances need of their clients."""
    for word in dict.fromkeys(consumer.spec.uses):
        typed = join.components_of_type[word]
        name = typed[0].name if word not in join.instances and len(typed) == 1 else word
        used = join.client_offers.get(name)
        if used is None:
            continue
        if used.provides.endpoint.interface == interface:
            yield _Need(name, None, join.successor(used, consumer.settings.move).provider.name)
        for requires in used.offer.requires_of_clients:
            binding = join.direct.get((name, requires.slot))
            if binding is not None and requires.endpoint.interface == interface:
                yield _Need(name, requires.slot, binding.provider.name)
