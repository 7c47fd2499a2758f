"""Who uses which offer: read from the labels of the pods that the objects become."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from compiler.model.instance import PREFIX
from compiler.model.package import Lowered, Package
from compiler.model.resource import pod_account, pod_labels

Account = tuple[str, str]  # namespace, and ServiceAccount where it is known
_USES = f"uses.{PREFIX}/"


def users_of(lowered: Lowered) -> Mapping[str, frozenset[Account]]:
    """For each offer's label, who the pods that carry it run as."""
    found: dict[str, set[Account]] = defaultdict(set)
    used = {_used(package) for package in lowered.packages.values()}
    used.update(theirs for _, theirs in lowered.models.each(_used))  # mostly the same
    for one in used:
        for label, account in one:
            found[label].add(account)
    return defaultdict(frozenset, {label: frozenset(who) for label, who in found.items()})


def _used(package: Package) -> tuple[tuple[str, Account], ...]:
    """The offers that one package's pods use, and who they run as."""
    found: list[tuple[str, Account]] = []
    for made in package.made:
        account = (made.namespace or package.namespace, made.account)
        found += [(label, account) for label in made.labels]
    for resource in package.resources:
        used = [label for label in pod_labels(resource.manifest) if label.startswith(_USES)]
        if used:
            account = (resource.namespace, pod_account(resource.manifest))
            found += [(label, account) for label in used]
    return tuple(found)
