"""One host name for two instances: the route that is written last gets the requests."""

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
    _check_duplicates(platform, graph, owners, report)
    routes = {host: instances[0] for host, instances in owners.items()}
    for name, slots in graph.offers.items():
        for offer in slots.values():
            instance = routes.get(offer.host or "")
            if instance is not None:
                path: Path = (*graph.instances[name].path, "host")
                report.add(
                    "host-collision",
                    f"`{offer.host}` is outside the platform as `{name}`, and the platform's own "
                    f"host of `{instance.name}`",
                    document.value_span(path),
                    path=path,
                    help="give the platform another `domain:`, or rename the instance",
                    related=[
                        Related("its host is derived from here", document.span_of(instance.path))
                    ],
                )


def _check_duplicates(
    platform: Platform, graph: Graph, owners: Mapping[str, Sequence[Instance[Any]]], report: Report
) -> None:
    """Report hosts of two instances: a second server is named `<instance>-<server>`, which may be
    another's name.
    """
    routed = gateway.routed(graph)
    for host, instances in owners.items():
        several = [instance for instance in instances if instance.name in routed]
        if len(several) < 2:
            continue
        several.sort(key=lambda instance: len(instance.name))
        shorter, longer = several[0], several[-1]
        explicit = next((each for each in reversed(several) if each.public_host == host), None)
        help = f"rename `{longer.name}`"
        if explicit is not None:
            longer, shorter = explicit, next(each for each in several if each is not explicit)
            help = f"give `{longer.name}` another `publicHost`"
        report.add(
            "host-collision",
            f"`{host}` is the host of `{longer.name}` and of a server of `{shorter.name}`",
            platform.document.span_of(longer.path),
            path=longer.path,
            help=help,
            related=[Related("the other one", platform.document.span_of(shorter.path))],
        )


def _domain(platform: Platform, report: Report) -> None:
    domain, cluster = platform.settings.domain, platform.settings.cluster.domain
    if domain == cluster or domain.endswith(f".{cluster}"):
        report.add(
            "host-collision",
            f"`{domain}` is the cluster's own domain, whose names only the cluster's DNS answers",
            platform.document.value_span(_DOMAIN),
            path=_DOMAIN,
            help="use a domain that people's browsers can resolve",
        )
