"""One host name for two things: whichever route is written last gets the requests."""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Related, Report
from compiler.model import Graph, Instance, Path, Platform

_DOMAIN: Path = ("spec", "domain")


def check(platform: Platform, graph: Graph, report: Report) -> None:
    _domain(platform, report)
    document = platform.document
    routes = hosts(graph)
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


def hosts(graph: Graph) -> dict[str, Instance[Any]]:
    """The hosts of models and of what people open, and whose they are."""
    opened = {one.provider.name for one in graph.bindings if one.claim.outside}
    opened |= {name for name, slots in graph.offers.items() if any(o.ui for o in slots.values())}
    return {
        one.route: one
        for name, one in graph.instances.items()
        if one.section == "models" or name in opened
    }


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
