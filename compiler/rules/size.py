"""Disk and memory that are smaller than the component's own calculation requires."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.document import Path
from compiler.model import Graph, Instance, Platform, Size
from compiler.model.component import no_sizes
from compiler.registry import component_of
from compiler.spec import quantity

_AMOUNTS = {"volume-size": "on disk", "memory-limit": "of memory"}
_BOUNDS: dict[Path, str] = {
    ("resources", "limits"): "its limit is",
    ("resources", "requests"): "its request is",
}


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for instance in graph.instances.values():
        sizes = component_of(instance).sizes
        if sizes is no_sizes:  # as for thousands of models
            continue
        for size in sizes(instance, graph.wiring(instance.name)):
            if size.has < size.needed:
                _add(size, instance, platform, report)


def _add(size: Size, instance: Instance[object], platform: Platform, report: Report) -> None:
    amount = _AMOUNTS[size.code]
    bound = _BOUNDS.get(size.key[:2], "its volume has")
    needed = quantity.rounded_up(size.needed)
    path = (*instance.path, *size.key)
    report.add(
        size.code,
        f"`{instance.name}` needs {quantity.rounded(size.needed)} {amount} ({size.calculation}), and "
        f"{bound} {quantity.rounded(size.has)}",
        platform.document.value_span(path),
        path=path,
        help=f"write `{_written(size, needed)}`",
    )


def _written(size: Size, needed: str) -> str:
    """The key with an amount, as YAML in one line: `resources: {limits: {memory: 2Gi}}`."""
    text = needed
    for key in reversed(size.key[1:]):
        text = f"{{{key}: {text}}}"
    return f"{size.key[0]}: {text}"
