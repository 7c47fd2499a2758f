"""Groups that may open a page, where no login checks them."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.interfaces import gateway
from compiler.model import Graph, Path, Platform, hosts
from compiler.model.hosts import Opened


def check(platform: Platform, graph: Graph, report: Report) -> None:
    pages = hosts.opened(graph) if gateway.offers(graph.offers) else {}
    for instance in platform.having("groups"):
        routed = [page for page in pages.get(instance.name, ()) if page.offer.ui and page.exposed]
        if not instance.spec.groups or not routed or any(page.guard for page in routed):
            continue
        path: Path = (*instance.path, "groups")
        problem, help = _problem(routed[0], platform)
        report.add(
            "unchecked-groups",
            f"nothing checks the groups of `{instance.name}`: {problem}",
            platform.document.span_of(path),
            path=path,
            help=help,
        )


def _problem(page: Opened, platform: Platform) -> tuple[str, str]:
    """Why nothing checks the groups, and what to do."""
    if page.offer.programs:
        return (
            "programs use the same host, so no login of the platform stands before it",
            "delete `groups`, and give rights to the users in the page's own settings; or write "
            "`expose: false`",
        )
    return "the platform has no `login`", "add `login:` under `spec:`, or delete `groups`"
