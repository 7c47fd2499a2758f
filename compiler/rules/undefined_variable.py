"""`$(NAME)` of a variable that isn't there: Kubernetes passes the text on as it is.

A value may read variables that stand before it; a workload's own follow the derived ones and are
sorted by name (Kubernetes API, EnvVar.value).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from compiler.diagnostics import Report, suggestion
from compiler.model import Graph, Instance, Path, Platform

_REFERENCE = re.compile(r"(?<!\$)\$\(([A-Za-z_][A-Za-z0-9_]*)\)")


def check(platform: Platform, graph: Graph, report: Report) -> None:
    users = [one for one in platform.instances.values() if one.section == "workloads"]
    texts = [(one, found) for one in users if (found := list(references(one)))]
    for instance, found in texts:
        derived = {env.name for end in graph.wiring(instance.name).endpoints for env in end.env()}
        for path, name, later in found:
            own = {key for key in instance.spec.env if later is None or key < later}
            known = derived | own | {"HOME"}
            if name not in known:
                late = name in instance.spec.env
                report.add(
                    "undefined-variable",
                    f"`$({name})` is "
                    + ("set after the variable that reads it" if late else "not set in this pod"),
                    platform.document.value_span(path),
                    path=path,
                    help="rename one of the two: variables are in the order of their names"
                    if late
                    else suggestion(name, known)
                    or "set it in `env`, or write `$$(...)` where the text is meant as it is",
                )


def references(instance: Instance[Any]) -> Iterator[tuple[Path, str, str | None]]:
    """Each reference: its place, the variable, and the variable that reads it, where one does."""
    spec = instance.spec
    for key in ("command", "args"):
        for index, text in enumerate(getattr(spec, key)):
            for name in _REFERENCE.findall(text):
                yield (*instance.path, key, index), name, None
    for variable, text in spec.env.items():
        for name in _REFERENCE.findall(text):
            yield (*instance.path, "env", variable), name, variable
