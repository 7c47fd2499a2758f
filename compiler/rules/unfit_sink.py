"""A sink that asks for a login, has no path for copies, or sends copies of its own requests back."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.diagnostics.words import listing
from compiler.interfaces import payload_sink
from compiler.model import Binding, Graph, Platform


def check(platform: Platform, graph: Graph, report: Report) -> None:
    sinks = {
        binding.consumer.name: binding
        for binding in graph.bindings
        if binding.requires == payload_sink.LOGGER
    }
    reported: set[str] = set()
    for name, binding in sinks.items():
        provider = binding.provider.name
        if binding.existing_login is not None:
            _report(
                f"`{provider}` asks for a login, and copies of requests are sent without one",
                "name a sink that takes copies without a login",
                binding, platform, report,
            )  # fmt: skip
        if _lacks_path(binding):
            _report(
                f"`{provider}` is a model of files, whose server takes requests at their paths alone",
                f"write its `path`, like `path: /v1/models/{provider}:predict`, or name an `image`",
                binding, platform, report,
            )  # fmt: skip
        circle = _circle(name, sinks)
        if circle and name not in reported:
            reported |= set(circle)
            _report(
                f"copies of the requests to `{name}` come back to it through {listing(circle[1:])}",
                f"remove the `logger` of one of {listing(circle)}",
                binding, platform, report,
            )  # fmt: skip


def _lacks_path(binding: Binding) -> bool:
    sink = binding.provider
    return (
        sink.section == "models" and sink.spec.image is None
        and binding.consumer.spec.logger.path is None
    )  # fmt: skip


def _circle(start: str, sinks: dict[str, Binding]) -> list[str]:
    """The models that copies pass until they return to the first one; empty if they never return."""
    visited = [start]
    while (binding := sinks.get(visited[-1])) is not None:
        name = binding.provider.name
        if name == start:
            return visited
        if name in visited:
            return []
        visited.append(name)
    return []


def _report(message: str, help: str, binding: Binding, platform: Platform, report: Report) -> None:
    path = (*binding.consumer.path, "logger", "sink")
    report.add("unfit-sink", message, platform.document.value_span(path), path=path, help=help)
