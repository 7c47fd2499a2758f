"""Report the problems of bindings: names that are unknown, and providers that are missing or many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from compiler import registry
from compiler.diagnostics import Related, Report
from compiler.diagnostics.misspelt_keys import key_correction, suggested_key
from compiler.diagnostics.words import correction, listing, suggestion
from compiler.document import Node, Path
from compiler.interfaces import gateway, payload_sink
from compiler.model.binding import Requires
from compiler.model.instance import Instance
from compiler.tenants import model_store

if TYPE_CHECKING:
    from compiler.resolve.join import Candidate, Join

_MOST_CONSUMERS = 8  # that a message names one by one


def check_bind_keys(join: Join, instance: Instance[Any]) -> None:
    """Report keys of `bind` that are not slots of the instance."""
    if not instance.spec.bind:
        return
    slots = [requires.slot for requires in registry.component_of(instance).claims(instance)]
    if any(offer.ui for offer in join.offers[instance.name].values()):
        slots.append(gateway.ROUTE.slot)
    for key in instance.spec.bind:
        if key not in slots:
            path: Path = (*instance.source, "bind", key)
            node = join.document.at(path[:-1])
            join.report.add(
                "unknown-binding",
                f"`{instance.name}` has no slot `{key}`",
                join.document.span_of(path),
                path=path,
                help=suggested_key(node, key, slots) or f"its slots are {listing(slots) or 'none'}",
                fix=key_correction(node, key, slots),
            )


def report_taken_name(
    instance: Instance[Any], owner: str, document: Node, report: Report,
    related: tuple[str, Path] | None = None,
) -> None:  # fmt: skip
    """Report an instance with a name that the compiler gives to something else, which it would replace.

    `related` is a text, and the path in the spec of the cause.
    """
    report.add(
        "duplicate-name",
        f"`{instance.name}` is also the name of {owner}",
        document.span_of(instance.path),
        path=instance.path,
        help=f"rename `{instance.name}`",
        related=[Related(related[0], document.span_of(related[1]))] if related else [],
    )


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


def report_unknown_binding(
    join: Join, consumer: Instance[Any], requires: Requires[Any], name: str,
    candidates: Sequence[Candidate],
) -> None:  # fmt: skip
    """Report a `bind` or `backup.to` that names an instance without an offer of the interface."""
    interface, backup = requires.endpoint.interface, consumer.settings.backup
    path: Path = (*consumer.source, "bind", requires.slot)
    if backup is not None and name == backup.to and requires.slot not in consumer.spec.bind:
        if interface in join.misnamed:
            return
        join.misnamed.add(interface)
        path = ("spec", "backup", "to")
    if join.resembles_wrong(name):
        return
    names = [candidate.provider.name for candidate in candidates]
    reason = f"does not offer `{interface}`" if name in join.instances else "is not an instance"
    _unknown(
        join, path, f"`{name}` {reason}", name, names,
        f"instances with `{interface}`: {listing(names) or 'none'}",
    )  # fmt: skip


def report_unknown_use(
    join: Join, consumer: Instance[Any], path: Path, word: str, *, exists: bool
) -> None:
    """Report an element of `uses` that names no instance, or an instance without a usable offer."""
    if join.resembles_wrong(word):
        return
    components, models = sorted(join.client_offers), _models_but(join, consumer)
    usable = f"instances to use: {listing(components) or 'none'}"
    if models:
        usable += f"; a model too, like `{models[0]}`"
    if not exists and word in registry.all_types() and _for_clients(word):
        usable += f"; or add `{word}: {{}}` under `spec.components`"
    _unknown(
        join, path, f"`{word}` {'offers nothing to use' if exists else 'is not an instance'}", word,
        [*components, *models], usable,
    )  # fmt: skip


def _for_clients(type: str) -> bool:
    """Whether instances of a type offer something that `uses` may name."""
    module = registry.component(type)
    return module is not None and any(slot.endpoint.for_clients for slot in module.provides)


def report_unknown_sink(join: Join, consumer: Instance[Any], word: str) -> None:
    """Report a `logger` that names no instance, or an instance that takes no copies of requests."""
    if join.resembles_wrong(word):
        return
    reason = "is not an instance"
    if word == consumer.name:
        reason = "would get copies of its own requests, and copy them again"
    elif (instance := join.instances.get(word)) is not None:
        reason = "takes no copies of requests"
        if instance.section == "workloads":
            reason += ": a workload runs to its end and has no address"
    types = registry.providers(payload_sink.SINKS[0].interface)
    sinks = sorted(
        name for name, candidate in join.client_offers.items()
        if issubclass(candidate.provides.endpoint, payload_sink.SINKS)
    )  # fmt: skip
    models = _models_but(join, consumer)
    names = [*sinks, *(name for name in models if join.instances[name].spec.image)]
    _unknown(
        join, (*consumer.path, "logger", "sink"), f"`{word}` {reason}", word,
        [] if word in join.instances else [*sinks, *models],
        f"name one of {listing(names)}" if names
        else f"add an {listing(types)} under `spec.components`, or a model with `image:`, and name it",
    )  # fmt: skip


def _models_but(join: Join, consumer: Instance[Any]) -> list[str]:
    return sorted(
        name
        for name, instance in join.instances.items()
        if instance.section == "models" and name != consumer.name
    )


def _unknown(
    join: Join, path: Path, message: str, word: str, names: Sequence[str], otherwise: str
) -> None:
    """Report a name that is not one of the possible names, with the closest of them."""
    span = join.document.value_span(path)
    removed = join.removed.get(word)
    join.report.add(
        "unknown-binding",
        message,
        span,
        path=path,
        help=suggestion(word, names) or otherwise,
        fix=None if removed else correction(span, word, names),
        related=[Related(f"`{word}` is removed here", removed.span)] if removed else (),
    )


def report_ambiguous_use(join: Join, path: Path, word: str, typed: Sequence[Instance[Any]]) -> None:
    join.report.add(
        "ambiguous-binding",
        f"`{word}` could be any of {listing(instance.name for instance in typed)}",
        join.document.value_span(path),
        path=path,
        help="name the instance",
    )


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
