"""What no component writes: one pass per file, each from packages to packages, in this order."""

from __future__ import annotations

from compiler.derive import (
    authorities,
    authorization,
    checksums,
    credentials,
    disruption_budgets,
    external_secrets,
    images,
    jobs,
    labels,
    mesh,
    monitoring,
    namespaces,
    network_policies,
    order,
    patches,
    pull_policy,
    routes,
    service_accounts,
    service_entries,
)
from compiler.diagnostics import Report
from compiler.model.package import Lowered

PASSES = (
    routes.derive,
    service_entries.derive,
    monitoring.derive,
    authorities.derive,
    service_accounts.derive,
    disruption_budgets.derive,
    credentials.derive,
    external_secrets.derive,
    network_policies.derive,
    namespaces.derive,
    mesh.derive,
    authorization.derive,
    pull_policy.derive,
    labels.derive,
    patches.derive,
    images.derive,
    checksums.derive,
    jobs.derive,
    order.derive,
)


def derive(lowered: Lowered, report: Report) -> Lowered:
    """One environment with everything that follows from its graph and its objects."""
    for one in PASSES:
        lowered = one(lowered, report)
    return lowered
