"""Two environments that share a cluster must not share a namespace or a host.

Only environments that say so (`cluster.name`) share one; without it, each has its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from compiler.diagnostics import Related, Report, listing
from compiler.model import Graph, Path, Platform

_NAME: Path = ("spec", "cluster", "name")


def check_all(
    platforms: Mapping[str, Platform], graphs: Mapping[str, Graph], report: Report
) -> None:
    for one, other in combinations(sorted(platforms), 2):
        cluster = platforms[one].settings.cluster.name
        if cluster is None or cluster != platforms[other].settings.cluster.name:
            continue
        for what, values in collisions(platforms[one], platforms[other]):
            report.add(
                "environment-collision",
                f"`{one}` and `{other}` share the cluster `{cluster}` and the {what} "
                f"{listing(values[:3])}",
                platforms[other].document.value_span(_NAME),
                path=_NAME,
                help=_WAY_OUT[what],
                related=[Related(f"`{one}` says so", platforms[one].document.value_span(_NAME))],
            )


_WAY_OUT = {
    "namespace": "give one of them another `namespace:`, also in the components that name one",
    "host": "give one of them another `domain:`",
}


def collisions(one: Platform, other: Platform) -> list[tuple[str, list[str]]]:
    """What both would write to: namespaces of their own, and hosts."""
    spaces = _namespaces(one) & _namespaces(other)
    hosts = _hosts(one) & _hosts(other)
    found = [("namespace", sorted(spaces)), ("host", sorted(hosts))]
    return [(what, values) for what, values in found if values]


def _namespaces(platform: Platform) -> set[str]:
    from compiler.registry import module

    return {
        instance.namespace
        for instance in platform.instances.values()
        if not getattr(module(instance), "UPSTREAM_NAMESPACE", False)
    }


def _hosts(platform: Platform) -> set[str]:
    return {
        instance.route
        for instance in platform.instances.values()
        if instance.section != "workloads"
    }
