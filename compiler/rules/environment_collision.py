"""Two environments that share a cluster must not share a namespace or a host.

Only environments that say so (`cluster.name`) share one; without it, each has its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from compiler.diagnostics import Related, Report, listing
from compiler.model import Graph, Path, Platform, hosts
from compiler.registry import upstreams
from compiler.rules.host_collision import routed_of

_NAME: Path = ("spec", "cluster", "name")


def check_all(
    platforms: Mapping[str, Platform], graphs: Mapping[str, Graph], report: Report
) -> None:
    for one, other in combinations(sorted(platforms), 2):
        cluster = platforms[one].settings.cluster.name
        if cluster is None or cluster != platforms[other].settings.cluster.name:
            continue
        spaces = _namespaces(platforms[one]) & _namespaces(platforms[other])
        same = _routed(graphs[one]) & _routed(graphs[other])
        for what, values in (("namespace", sorted(spaces)), ("host", sorted(same))):
            if not values:
                continue
            report.add(
                "environment-collision",
                f"`{one}` and `{other}` share the cluster `{cluster}` and the {what}"
                f"{'s' if len(values) > 1 else ''} {listing(values[:3])}",
                platforms[other].document.value_span(_NAME),
                path=_NAME,
                help=_WAY_OUT[what],
                related=[Related(f"`{one}` says so", platforms[one].document.value_span(_NAME))],
            )


_WAY_OUT = {
    "namespace": "give one of them another `namespace:`, also in the components that name one",
    "host": "give one of them another `domain:`",
}


def _namespaces(platform: Platform) -> set[str]:
    return {
        instance.namespace for instance in platform.instances.values() if not upstreams(instance)
    }


def _routed(graph: Graph) -> set[str]:
    """The hosts that a gateway has."""
    routed = routed_of(graph)
    return {
        host
        for host, instances in hosts.owners(graph).items()
        if any(one.name in routed for one in instances)
    }
