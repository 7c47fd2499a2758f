"""A store with several servers that depends on a server of a single pod, and stops together with it."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.interfaces import s3
from compiler.model import Graph, Path, Platform
from compiler.spec.component import RecordSpec


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for binding in graph.bindings:
        store, server = binding.consumer, binding.final.provider
        if binding.requires.slot in s3.OF_COPIES or binding.final.offer.external:
            continue
        if not (isinstance(store.spec, RecordSpec) and isinstance(server.spec, RecordSpec)):
            continue
        if getattr(store.spec, "replicas", 1) == 1 or getattr(server.spec, "replicas", 1) > 1:
            continue
        path: Path = (*store.path, "replicas")
        report.add(
            "single-server",
            f"`{store.name}` outlives the loss of a server, and stops with the only one of `{server.name}`",
            platform.document.value_span(path),
            path=path,
            help=f"`{server.name}`: {_help(server.spec)}, or silence this with your reason",
        )


def _help(spec: RecordSpec) -> str:
    """The help: the text of a type without `replicas`, or the key to write."""
    return type(spec).moved.get("replicas", "write `replicas: 3`")
