"""Environments of one cluster must not write different contents into one object.

Most objects are in the namespaces of their environment, which `environment_collision` compares. Others are in
the namespace of an upstream system, or in none, such as a gateway's listeners: the environment that is
delivered last would replace those of the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from compiler.diagnostics import Related, Report
from compiler.diagnostics.words import listing
from compiler.model import Lowered, Manifest, Resource
from compiler.rules.environment_collision import NAME, namespaces

Id = tuple[str, str, str, str]
_LISTED = 3


def check_all_objects(environments: Mapping[str, Lowered], report: Report) -> None:
    by_cluster: dict[str, list[str]] = defaultdict(list)
    for name, lowered in sorted(environments.items()):
        cluster = lowered.platform.settings.cluster.name
        if cluster is not None:
            by_cluster[cluster].append(name)
    for cluster, names in by_cluster.items():
        for (earlier, later), ids in _collisions(names, environments).items():
            _report(cluster, earlier, later, ids, environments, report)


def _collisions(
    names: list[str], environments: Mapping[str, Lowered]
) -> Mapping[tuple[str, str], list[Id]]:
    """The objects that each environment shares with an earlier one, with other contents."""
    owners: dict[Id, tuple[str, Manifest]] = {}
    collisions: dict[tuple[str, str], list[Id]] = defaultdict(list)
    for name in names if len(names) > 1 else ():
        for resource in _outside(environments[name]):
            owner, manifest = owners.setdefault(resource.id, (name, resource.manifest))
            if manifest != resource.manifest:
                collisions[owner, name].append(resource.id)
    return collisions


def _outside(lowered: Lowered) -> Iterator[Resource]:
    """The objects outside the environment's own namespaces, which are compared by their names."""
    spaces = namespaces(lowered.graph)
    for package in lowered.packages.values():
        for resource in package.resources:
            if resource.namespace not in spaces and resource.kind != "Namespace":
                yield resource


def _report(
    cluster: str, earlier: str, later: str, ids: list[Id], environments: Mapping[str, Lowered],
    report: Report,
) -> None:  # fmt: skip
    document, earlier_document = (environments[name].platform.document for name in (later, earlier))
    objects = [
        f"{kind} {space}/{name}" if space else f"{kind} {name}" for _, kind, space, name in ids
    ]
    rest = len(objects) - _LISTED
    report.add(
        "environment-collision",
        f"`{earlier}` and `{later}` share the cluster `{cluster}`, and each would write another "
        f"{listing(objects[:_LISTED])}" + (f" and {rest} more" if rest > 0 else ""),
        document.value_span(NAME),
        path=NAME,
        help="give the instance with it a different name or `namespace:` in one of them, or use two clusters",
        related=[Related(f"`{earlier}` names the same cluster", earlier_document.value_span(NAME))],
    )
