"""Find the users of each offer by the labels of the pods in all objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from compiler.model.instance import USES
from compiler.model.package import Lowered, Package

Account = tuple[str, str]  # namespace, and ServiceAccount where it is known


def users_of(lowered: Lowered) -> Mapping[str, frozenset[Account]]:
    """The accounts of the pods that carry each offer's label."""
    accounts: dict[str, set[Account]] = defaultdict(set)
    used = {_used(package) for package in lowered.packages.values()}
    used.update(pairs for _, pairs in lowered.models.each(_used))  # mostly the same
    for pairs in used:
        for label, account in pairs:
            accounts[label].add(account)
    return defaultdict(frozenset, {label: frozenset(users) for label, users in accounts.items()})


def _used(package: Package) -> tuple[tuple[str, Account], ...]:
    """The offers that the pods of a package use, and the accounts of these pods."""
    pairs: list[tuple[str, Account]] = []
    for pods in package.operator_pods:
        account = (pods.namespace or package.namespace, pods.account)
        pairs += [(label, account) for label in pods.labels]
    for resource in package.resources:
        used = [label for label in resource.pod_labels if label.startswith(USES)]
        if used:
            account = (resource.namespace, resource.pod_account)
            pairs += [(label, account) for label in used]
    return tuple(pairs)
