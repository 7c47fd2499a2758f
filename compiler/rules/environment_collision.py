"""Environments that share a cluster must not share a namespace or a host.

Environments share a cluster only if both set the same `cluster.name`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from compiler.diagnostics import Related, Report
from compiler.diagnostics.words import listing
from compiler.interfaces import gateway
from compiler.model import Graph, Path, Platform, hosts
from compiler.registry import in_upstream_namespace

NAME: Path = ("spec", "cluster", "name")
_LISTED = 3


def check_all(
    platforms: Mapping[str, Platform], graphs: Mapping[str, Graph], report: Report
) -> None:
    named = sorted(name for name in platforms if platforms[name].settings.cluster.name is not None)
    spaces_of = {name: namespaces(graphs[name]) for name in named}
    hosts_of = {name: _routed(graphs[name]) for name in named}
    for earlier, later in combinations(named, 2):
        cluster = platforms[earlier].settings.cluster.name
        if cluster != platforms[later].settings.cluster.name:
            continue
        spaces = spaces_of[earlier] & spaces_of[later]
        routed = hosts_of[earlier] & hosts_of[later]
        for noun, values in (("namespace", sorted(spaces)), ("host", sorted(routed))):
            if not values:
                continue
            report.add(
                "environment-collision",
                f"`{earlier}` and `{later}` share the cluster `{cluster}` and the {noun}"
                f"{'s' if len(values) > 1 else ''} {listing(values[:_LISTED])}"
                + (f" and {len(values) - _LISTED} more" if len(values) > _LISTED else ""),
                platforms[later].document.value_span(NAME),
                path=NAME,
                help=_HELP[noun],
                related=[
                    Related(
                        f"`{earlier}` names the same cluster",
                        platforms[earlier].document.value_span(NAME),
                    )
                ],
            )


_HELP = {
    "namespace": "give one of them another `namespace:`, also in the components that name one",
    "host": "give one of them another `domain:`",
}


def namespaces(graph: Graph) -> set[str]:
    """The namespaces of all instances, also of those that the compiler adds, such as a login."""
    return {
        instance.namespace
        for instance in graph.instances.values()
        if not in_upstream_namespace(instance)
    }


def _routed(graph: Graph) -> set[str]:
    """The hosts that a gateway serves."""
    routed = gateway.routed(graph)
    return {
        host
        for host, instances in hosts.owners(graph).items()
        if any(instance.name in routed for instance in instances)
    }
