"""What a pooler makes of the claims on it: bindings to what it is bound to itself."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from compiler.model.binding import Binding
from compiler.resolve import problems
from compiler.resolve.join import Join


def chain(join: Join, binding: Binding) -> Iterator[Binding]:
    """A binding, and behind it one to each provider that it is forwarded to."""
    if binding.entailed:
        binding = replace(
            binding, entailed=tuple(_forwarded(join, b, ()) for b in binding.entailed)
        )
    whole: Binding | None = _forwarded(join, binding, ())
    while whole is not None:
        yield whole
        whole = whole.upstream


def _forwarded(join: Join, binding: Binding, seen: tuple[str, ...]) -> Binding:
    """The binding with what a pooler makes of it behind it."""
    slot = binding.provides.forwards
    if slot is None:
        return binding
    pooler = binding.provider
    if pooler.name in seen:
        problems.cycle(join, pooler, slot.slot, seen)
        return binding
    upstream = join.direct.get((pooler.name, slot.slot))
    if upstream is None:
        return binding
    behind = replace(
        upstream, consumer=binding.consumer, requires=binding.requires, claim=binding.claim,
        via=binding,
    )  # fmt: skip
    offer = binding.provides.endpoint.forwarded(binding.offer, pooler, upstream.offer)
    further = _forwarded(join, behind, (*seen, pooler.name))
    return replace(binding, offer=offer, upstream=further)
