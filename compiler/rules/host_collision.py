"""One host name for two things: whichever route is written last gets the requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compiler.diagnostics import Related, Report
from compiler.interfaces import gateway
from compiler.model import Graph, Instance, Path, Platform, hosts

_DOMAIN: Path = ("spec", "domain")


def check(platform: Platform, graph: Graph, report: Report) -> None:
    _domain(platform, report)
    document = platform.document
    owners = hosts.owners(graph)
    _twice(platform, graph, owners, report)
    routes = {host: instances[0] for host, instances in owners.items()}
    for name, slots in graph.offers.items():
        for offer in slots.values():
            other = routes.get(offer.host or "")
            if other is not None:
                path: Path = (*graph.instances[name].path, "host")
                report.add(
                    "host-collision",
                    f"`{offer.host}` is outside the platform as `{name}`, and the platform's own "
                    f"host of `{other.name}`",
                    document.value_span(path),
                    path=path,
                    help="give the platform another `domain:`, or rename the instance",
                    related=[
                        Related("its host is derived from here", document.span_of(other.path))
                    ],
                )


def _twice(
    platform: Platform, graph: Graph, owners: Mapping[str, Sequence[Instance[Any]]], report: Report
) -> None:
    """An instance's second server is called after both; somebody may have that name."""
    routed = routed_of(graph)
    for host, instances in owners.items():
        several = [one for one in instances if one.name in routed]
        if len(several) < 2:
            continue
        several.sort(key=lambda one: len(one.name))
        other, named = several[0], several[-1]
        report.add(
            "host-collision",
            f"`{host}` is the host of `{named.name}` and of a server of `{other.name}`",
            platform.document.span_of(named.path),
            path=named.path,
            help=f"rename `{named.name}`",
            related=[Related("the other one", platform.document.span_of(other.path))],
        )


def routed_of(graph: Graph) -> set[str]:
    """Who has a gateway: without one, nothing answers to a host."""
    return {one.consumer.name for one in graph.bindings if one.requires == gateway.ROUTE}


def _domain(platform: Platform, report: Report) -> None:
    inside, cluster = platform.settings.domain, platform.settings.cluster.domain
    if inside == cluster or inside.endswith(f".{cluster}"):
        report.add(
            "host-collision",
            f"`{inside}` is the cluster's own domain, whose names its DNS answers by itself",
            platform.document.value_span(_DOMAIN),
            path=_DOMAIN,
            help="use a domain that people's browsers can resolve",
        )
