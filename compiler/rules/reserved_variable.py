"""A variable in `env` that the compiler derives, or that clients read with the same meaning.

One setting would have two values in one container.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compiler.diagnostics import Report
from compiler.model import Endpoint, Graph, Instance, Path, Platform
from compiler.tenants.programs import endpoints, programs


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for instance in platform.having("env"):
        for path, program in programs(instance):
            if program.env:
                used = endpoints(path, instance, graph.wiring(instance.name))
                _check(instance, (*path, "env"), program.env, used, platform, report)


def _check(
    instance: Instance[Any], key: Path, user_env: Mapping[str, Any],
    used: Iterable[Endpoint[Any, Any]], platform: Platform, report: Report,
) -> None:  # fmt: skip
    name, reserved = instance.name, _reserved(used)
    for variable in sorted(user_env.keys() & reserved.keys()):
        reason, remedy = reserved[variable]
        path: Path = (*instance.path, *key, variable)
        report.add(
            "reserved-variable",
            f"`{name}` sets `{variable}`, {reason}",
            platform.document.span_of(path),
            path=path,
            help=f"delete `{variable}`; `{name}` {remedy}",
        )


def _reserved(endpoints: Iterable[Endpoint[Any, Any]]) -> dict[str, tuple[str, str]]:
    """The variables of a pod's bindings: why each is reserved, and what the pod gets."""
    reserved: dict[str, tuple[str, str]] = {}
    for endpoint in endpoints:
        provider = f"`{endpoint.binding.provider.name}`"
        if endpoint.binding.relayed:
            continue
        for env in endpoint.variables:
            reserved[env.name] = f"which it gets from {provider}", f"gets it from {provider}"
        for synonym in endpoint.synonyms:
            reserved[synonym] = (
                f"by which some clients look for {provider}",
                f"gets the other variables of {provider}",
            )
    return reserved
