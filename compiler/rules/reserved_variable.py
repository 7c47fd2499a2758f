"""A variable of the user's that the compiler derives, or by which some clients find the same: two
values for one thing in one container."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.model import Graph, Path, Platform


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for instance in platform.having("env"):
        name, own = instance.name, instance.spec.env
        endpoints = [
            one for one in (graph.wiring(name).endpoints if own else ()) if not one.binding.relayed
        ]
        told = {env.name: one.binding.provider.name for one in endpoints for env in one.env()}
        found = {
            variable: f"which it gets from `{told[variable]}`"
            for variable in own.keys() & told.keys()
        } | {
            variable: f"by which some clients look for `{one.binding.provider.name}`"
            for one in endpoints
            for variable in own.keys() & set(one.synonyms)
        }
        for variable, why in sorted(found.items()):
            path: Path = (*instance.path, "env", variable)
            report.add(
                "reserved-variable",
                f"`{name}` sets `{variable}`, {why}",
                platform.document.span_of(path),
                path=path,
                help="delete the line; what a pod uses is derived from `uses`, "
                "so that it can't disagree",
            )
