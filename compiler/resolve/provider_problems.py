"""Report requirements without a provider or with several, and poolers that forward in a circle."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from compiler import registry
from compiler.diagnostics import Related
from compiler.diagnostics.words import listing
from compiler.model.instance import Instance
from compiler.tenants import model_store

if TYPE_CHECKING:
    from compiler.resolve.join import Join

_MOST_CONSUMERS = 8  # that a message names one by one


def report_unbound(join: Join) -> None:
    """Report each interface without a provider once: one added component serves all its consumers."""
    for interface, all_needs in join.missing.items():
        needs = [(needing, slot) for needing, slot in all_needs if needing.name not in join.wrong]
        if not needs or join.may_provide(interface):
            continue
        needs_by_span = [
            (join.document.span_of(needing.source), needing, slot) for needing, slot in needs
        ]
        (span, consumer, slot), *further = sorted(needs_by_span, key=lambda need: need[0])
        join.report.add(
            "unbound-requirement",
            f"{_required(consumer)} {_a(interface)} provider for `{slot}`, and none is declared",
            span,
            path=consumer.source,
            help=_help_of_claim(consumer, slot)
            or f"add {_one_of(registry.providers(interface))} under `spec.components`"
            f"{_no_substitute(join, consumer, slot)}",
            related=list(
                dict.fromkeys(
                    [
                        *_removed(join, interface),
                        *(
                            Related(f"{_required(needing)} one too", needing_span)
                            for needing_span, needing, _ in further
                            if needing_span != span
                        ),
                    ]
                )
            )[:_MOST_CONSUMERS],
        )


def _help_of_claim(consumer: Instance[Any], slot: str) -> str:
    """The component's own help for a slot without a provider; empty if the types of providers say enough."""
    claims = registry.component_of(consumer).claims(consumer)
    return next((claim.help for requires, claim in claims.items() if requires.slot == slot), "")


def _no_substitute(join: Join, consumer: Instance[Any], slot: str) -> str:
    """The help about declared instances of a similar interface, which cannot serve the slot."""
    claims = registry.component_of(consumer).claims(consumer)
    similar = {
        interface
        for requires in claims
        if requires.slot == slot
        for interface in requires.endpoint.no_substitutes
    }
    names = sorted(
        name
        for name, offers in join.offers.items()
        if any(provides.endpoint.interface in similar for provides in offers)
    )
    if not names:
        return ""
    (interface,) = {requires.endpoint.interface for requires in claims if requires.slot == slot}
    return f"; {listing(names)} cannot serve it: `{consumer.name}` speaks `{interface}` alone here"


def _removed(join: Join, interface: str) -> Iterator[Related]:
    """Instances that the environment removes and that would provide an interface."""
    for name, removed in join.removed.items():
        if interface in registry.provided(removed.type):
            yield Related(f"`{name}` is removed here", removed.span)


def report_ambiguous(join: Join) -> None:
    """Report each set of possible providers once, with all consumers that need one of them."""
    for (interface, names), all_needs in join.ambiguous.items():
        # The section of an instance with errors may hold the `bind` that would choose.
        needs = [need for need in all_needs if need[0].name not in join.wrong]
        # An unknown name in `backup.to` or `move` leaves out none of the providers.
        if not needs or interface in join.misnamed or _moves_apart(join, interface, needs[0][0]):
            continue
        needs.sort(key=lambda need: join.document.span_of(need[0].source))
        consumer, slot = needs[0]
        span = join.document.span_of(consumer.source)
        related = [
            Related(f"`{name}` could", join.document.span_of(("spec", "components", name)))
            for name in names
        ]
        related += [
            Related(f"{_required(needing)} one too", needing_span)
            for needing, _ in needs[1:]
            if (needing_span := join.document.span_of(needing.source)) != span
        ]
        join.report.add(
            "ambiguous-binding",
            f"{_required(consumer)} {_a(interface)} provider for `{slot}`, and {listing(names)} would all do",
            span,
            path=consumer.source,
            help=list(_binds(needs, names[0])),
            related=list(dict.fromkeys(related))[: len(names) + _MOST_CONSUMERS],
        )


def _binds(needs: Sequence[tuple[Instance[Any], str]], provider: str) -> Iterator[str]:
    """The `bind` to add to each consumer, or where there are many, to those that need the same one.

    It is one map for all slots of a consumer, because a second key of this name would be refused.
    """
    slots: dict[str, list[str]] = defaultdict(list)
    for needing, slot in needs:
        slots[_written(needing) or "each of the models"].append(f"{slot}: {provider}")
    by_line: dict[str, list[str]] = defaultdict(list)
    for consumer, bound in slots.items():
        by_line[f"add `bind: {{{', '.join(dict.fromkeys(bound))}}}` to"].append(consumer)
    for line, consumers in by_line.items():
        if len(needs) <= _MOST_CONSUMERS:
            yield from (f"{line} {consumer}" for consumer in consumers)
        else:
            rest = len(consumers) - _MOST_CONSUMERS
            more = f" and {rest} more" if rest > 0 else ""
            yield f"{line} {', '.join(consumers[:_MOST_CONSUMERS])}{more}"


def _moves_apart(join: Join, interface: str, consumer: Instance[Any]) -> bool:
    """Whether only one side of a move offers an interface: the move is unfit, which is reported."""
    move = consumer.settings.move
    offering = {candidate.provider.name for candidate in join.candidates[interface]}
    return move is not None and len(offering & {move.from_, move.to}) == 1


def report_cycle(join: Join, pooler: Instance[Any], slot: str, visited: tuple[str, ...]) -> None:
    """Report poolers that forward to each other, each cycle once."""
    if frozenset(visited) in join.cycles:
        return
    join.cycles.add(frozenset(visited))
    path = pooler.source
    join.report.add(
        "forwarding-cycle",
        f"`{pooler.name}` forwards to itself through {listing(visited)}",
        join.document.span_of(path),
        path=path,
        help=f"bind its `{slot}` to a database",
    )


def _one_of(types: Sequence[str]) -> str:
    return listing(types) if len(types) == 1 else f"one of {listing(types)}"


def _required(consumer: Instance[Any]) -> str:
    """The subject and verb of a message about a requirement: "`mlflow` requires"."""
    name = _written(consumer)
    return f"{name} requires" if name else "the models require"


def _written(consumer: Instance[Any]) -> str | None:
    """The name of a consumer in the spec; None for a store of models, which the spec does not have."""
    if consumer.section != model_store.SECTION:
        return f"`{consumer.name}`"
    return f"`{consumer.declared[2]}`" if consumer.declared and consumer.spec.bind else None


def _a(word: str) -> str:
    return f"an `{word}`" if word[0] in "aeiou" or word == "s3" else f"a `{word}`"
