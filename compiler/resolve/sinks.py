"""Bind the `logger` of a model to the instance that gets copies of its requests."""

from __future__ import annotations

from typing import Any

from compiler.interfaces import payload_sink
from compiler.model.binding import Binding
from compiler.model.instance import Instance
from compiler.resolve import models, name_problems
from compiler.resolve.join import Candidate, Join


def bind(join: Join, consumer: Instance[Any]) -> None:
    """Bind a model to its sink, or report that there is none."""
    name = consumer.spec.logger.sink
    sink = join.instances.get(name)
    if sink is not None and sink.section == "models" and sink is not consumer:
        candidate = models.offer_of(join, sink)
    else:
        candidate = _component(join, name)
        if candidate is None:
            name_problems.report_unknown_sink(join, consumer, name)
    if candidate is None:
        join.unsettled.add(consumer.name)
        return
    provides = candidate.provides
    claim = provides.endpoint.client_claim(consumer)
    join.add(
        Binding(consumer, payload_sink.LOGGER, candidate.provider, provides, claim, candidate.offer)
    )


def _component(join: Join, name: str) -> Candidate | None:
    """The offer of a component that takes copies."""
    candidate = join.client_offers.get(name)
    if candidate is None or not issubclass(candidate.provides.endpoint, payload_sink.SINKS):
        return None
    return candidate
