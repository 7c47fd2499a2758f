"""A variable of the user's that the compiler derives: two values for one name in one container."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.model import Graph, Path, Platform


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for instance in platform.having("env"):
        name, own = instance.name, instance.spec.env
        sources = {
            env.name: endpoint.binding.provider.name
            for endpoint in (graph.wiring(name).endpoints if own else ())
            if not endpoint.binding.relayed
            for env in endpoint.env()
        }
        for variable in sorted(set(own) & set(sources)):
            path: Path = (*instance.path, "env", variable)
            report.add(
                "reserved-variable",
                f"`{name}` sets `{variable}`, which it gets from `{sources[variable]}`",
                platform.document.span_of(path),
                path=path,
                help="delete the line; what a pod uses is derived from `uses`, "
                "so that it can't disagree",
            )
