"""Forward claims on a pooler: each becomes a binding to the pooler's own provider."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from compiler.model.binding import Binding
from compiler.resolve import provider_problems
from compiler.resolve.join import Join


def chain(join: Join, binding: Binding) -> Iterator[Binding]:
    """A binding, followed by one for each provider that it is forwarded to."""
    if binding.entailed:
        binding = replace(
            binding, entailed=tuple(_forwarded(join, b, ()) for b in binding.entailed)
        )
    link: Binding | None = _forwarded(join, binding, ())
    while link is not None:
        yield link
        link = link.upstream


def _forwarded(join: Join, binding: Binding, visited: tuple[str, ...]) -> Binding:
    """The binding, with the bindings that a pooler forwards it to."""
    slot = binding.provides.forwards
    if slot is None:
        return binding
    pooler = binding.provider
    if pooler.name in visited:
        provider_problems.report_cycle(join, pooler, slot.slot, visited)
        return binding
    upstream = join.direct.get((pooler.name, slot.slot))
    if upstream is None:
        return binding
    forwarded = replace(
        upstream, consumer=binding.consumer, requires=binding.requires, claim=binding.claim,
        via=binding,
    )  # fmt: skip
    offer = binding.provides.endpoint.forwarded(binding.offer, pooler, upstream.offer)
    further = _forwarded(join, forwarded, (*visited, pooler.name))
    return replace(binding, offer=offer, upstream=further)
