"""Which bindings of a platform its pods were seen to use: by the answers that Services gave them."""

from __future__ import annotations

from compiler import pipeline
from compiler.model.binding import Binding
from compiler.model.graph import Graph
from live.platforms import HEAD
from live.pods.node import Node


def graph(spec: str) -> Graph:
    """The bindings of a test's platform."""
    result = pipeline.checked_text((HEAD + spec).encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    return result.graphs[None]


def idle(spec: str, node: Node) -> list[str]:
    """The bindings of which nothing was seen."""
    bindings, conversations = graph(spec).bindings, node.discovery.conversations()
    running = {consumer for consumer, _, _ in conversations}

    def spoke(consumer: str, binding: Binding) -> bool:
        return (consumer, binding.host, binding.offer.port) in conversations

    def used(binding: Binding) -> bool:
        if not binding.offer.port:  # only configuration: it is used where the named thing is
            return all(used(entailed) for entailed in binding.entailed)
        if binding.consumer.name not in running:  # it has no pods: its users have
            return any(
                used(further_binding)
                for further_binding in bindings
                if further_binding.provider.name == binding.consumer.name
            )
        if spoke(binding.consumer.name, binding):
            return True
        # The traffic that a pooler carries on.
        via = binding.via
        return via is not None and used(via) and spoke(via.provider.name, binding)

    return [
        f"{binding.consumer.name} -> {binding.provider.name} ({binding.requires.slot})"
        for binding in bindings
        if not used(binding)
    ]
