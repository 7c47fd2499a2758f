"""`$(NAME)` of a variable that does not exist: Kubernetes passes the text on unchanged.

A value may refer to variables that come before it. A workload's own variables follow the derived
ones and are sorted by name (Kubernetes API, EnvVar.value).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from compiler.diagnostics import Report, suggestion
from compiler.model import Graph, Instance, Path, Platform

_REFERENCE = re.compile(r"(?<!\$)\$\(([A-Za-z_][A-Za-z0-9_]*)\)")


def check(platform: Platform, graph: Graph, report: Report) -> None:
    workloads = [
        workload for workload in platform.instances.values() if workload.section == "workloads"
    ]
    texts = [(workload, uses) for workload in workloads if (uses := list(references(workload)))]
    for instance, uses in texts:
        derived = {env.name for end in graph.wiring(instance.name).endpoints for env in end.env()}
        for path, name, later in uses:
            preceding = {key for key in instance.spec.env if later is None or key < later}
            defined = derived | preceding | {"HOME"}
            if name not in defined:
                late = name in instance.spec.env
                report.add(
                    "undefined-variable",
                    f"`$({name})` is "
                    + ("set after the variable that reads it" if late else "not set in this pod"),
                    platform.document.value_span(path),
                    path=path,
                    help="rename one of the two: variables are in the order of their names"
                    if late
                    else suggestion(name, defined)
                    or "set it in `env`, or write `$$(...)` where the text is meant as it is",
                )


def references(instance: Instance[Any]) -> Iterator[tuple[Path, str, str | None]]:
    """Each reference: its path, the variable's name, and the variable whose value contains it, if any."""
    spec = instance.spec
    for key in ("command", "args"):
        for index, text in enumerate(getattr(spec, key)):
            for name in _REFERENCE.findall(text):
                yield (*instance.path, key, index), name, None
    for variable, text in spec.env.items():
        for name in _REFERENCE.findall(text) if isinstance(text, str) else ():
            yield (*instance.path, "env", variable), name, variable
