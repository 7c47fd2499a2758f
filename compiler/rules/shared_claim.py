"""Two claims of one database or bucket: an accident unless both set `shared`."""

from __future__ import annotations

from collections import defaultdict

from compiler.diagnostics import Related, Report
from compiler.diagnostics.words import listing
from compiler.model import Binding, Graph, Platform
from compiler.registry import component_of

_NOUN = {"s3": "bucket"}


def check(platform: Platform, graph: Graph, report: Report) -> None:
    owners: dict[tuple[str, str, str], dict[str, Binding]] = defaultdict(dict)
    for binding in graph.bindings:
        if binding.via is None:
            final, interface = binding.final, binding.requires.endpoint.interface
            for resource in _claimed(binding):
                owners[final.provider.name, interface, resource][binding.consumer.name] = binding
    for (provider, interface, resource), bindings in sorted(owners.items()):
        if len(bindings) > 1 and not all(binding.claim.shared for binding in bindings.values()):
            _report(platform, provider, interface, resource, bindings, report)


def _claimed(binding: Binding) -> set[str]:
    """The resources that a consumer claims itself, not through the instances that it uses."""
    claimed = set(binding.claim.resources)
    if not claimed or binding.requires in component_of(binding.consumer).claims(binding.consumer):
        return claimed
    return claimed & set(binding.provides.endpoint.client_claim(binding.consumer).resources)


def _report(
    platform: Platform,
    provider: str,
    interface: str,
    resource: str,
    bindings: dict[str, Binding],
    report: Report,
) -> None:
    names = sorted(bindings)
    first_consumer, last_consumer = (bindings[name].consumer for name in (names[0], names[-1]))
    noun = _NOUN.get(interface, "database")
    report.add(
        "shared-claim",
        f"{listing(names)} claim the same {noun} `{resource}` of `{provider}`",
        platform.document.span_of(last_consumer.path),
        path=last_consumer.path,
        help=f"give one another {noun}, or add `shared: true` to each if they are meant to share",
        related=[Related("another claim", platform.document.span_of(first_consumer.path))],
    )
