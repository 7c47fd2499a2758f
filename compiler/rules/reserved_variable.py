"""A variable in `env` that the compiler derives, or that clients read with the same meaning.

One setting would have two values in one container.
"""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.model import Graph, Path, Platform


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for instance in platform.having("env"):
        name, user_env = instance.name, instance.spec.env
        endpoints = [
            endpoint
            for endpoint in (graph.wiring(name).endpoints if user_env else ())
            if not endpoint.binding.relayed
        ]
        derived = {
            env.name: endpoint.binding.provider.name
            for endpoint in endpoints
            for env in endpoint.env()
        }
        reasons = {
            variable: (
                f"which it gets from `{derived[variable]}`",
                f"gets it from `{derived[variable]}`",
            )
            for variable in user_env.keys() & derived.keys()
        } | {
            variable: (
                f"by which some clients look for `{endpoint.binding.provider.name}`",
                f"gets the other variables of `{endpoint.binding.provider.name}`",
            )
            for endpoint in endpoints
            for variable in user_env.keys() & set(endpoint.synonyms)
        }
        for variable, (reason, remedy) in sorted(reasons.items()):
            path: Path = (*instance.path, "env", variable)
            report.add(
                "reserved-variable",
                f"`{name}` sets `{variable}`, {reason}",
                platform.document.span_of(path),
                path=path,
                help=f"delete `{variable}`; `{name}` {remedy}",
            )
