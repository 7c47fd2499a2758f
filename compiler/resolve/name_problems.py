"""Report names in the spec that mean nothing: of slots, of providers, of instances to use; and names that are taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from compiler import registry
from compiler.diagnostics import Related, Report
from compiler.diagnostics.misspelt_keys import key_correction, suggested_key
from compiler.diagnostics.words import correction, listing, suggestion
from compiler.document import Node, Path
from compiler.interfaces import gateway, payload_sink
from compiler.model.binding import Requires
from compiler.model.instance import Instance

if TYPE_CHECKING:
    from compiler.resolve.join import Candidate, Join


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
