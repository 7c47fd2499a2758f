"""Who uses which offer: read from the labels of the pods that the objects become."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from compiler.model.graph import PREFIX
from compiler.model.package import Lowered, Package
from compiler.model.resource import pod_account, pod_labels

Account = tuple[str, str]  # namespace, and ServiceAccount where it is known
_USES = f"uses.{PREFIX}/"


def users_of(lowered: Lowered) -> Mapping[str, frozenset[Account]]:
    """For each offer's label, who the pods that carry it run as."""
    found: dict[str, set[Account]] = defaultdict(set)
    for part in (_users(lowered.packages), lowered.models.once(_users)):
        for label, who in part.items():
            found[label] |= who
    return defaultdict(frozenset, {label: frozenset(who) for label, who in found.items()})


def _users(packages: Mapping[str, Package]) -> Mapping[str, set[Account]]:
    found: dict[str, set[Account]] = defaultdict(set)
    for package in packages.values():
        for made in package.made:
            for label in made.labels:
                found[label].add((made.namespace or package.namespace, made.account))
        for resource in package.resources:
            used = [label for label in pod_labels(resource.manifest) if label.startswith(_USES)]
            if used:
                account = (resource.namespace, pod_account(resource.manifest))
                for label in used:
                    found[label].add(account)
    return found
