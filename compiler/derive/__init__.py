"""Derive the objects that no component writes.

A pass turns packages into packages; it is the function `derive` of its file. The passes run in the order
of PASSES. The other files hold what several passes share.
"""

from __future__ import annotations

from collections.abc import Mapping

from compiler.derive import (
    authorities,
    authorization,
    challenges,
    checksums,
    component_env,
    config_lines,
    credentials,
    definitions,
    disruption_budgets,
    external_secrets,
    images,
    jobs,
    labels,
    mesh,
    model_authorization,
    models,
    monitoring,
    namespaces,
    network_policies,
    order,
    patches,
    pull_policy,
    routes,
    service_accounts,
    service_entries,
    substitution,
)
from compiler.diagnostics import Report
from compiler.model.package import Lowered

PASSES = (
    definitions.derive,
    model_authorization.derive,
    models.derive,
    routes.derive,
    service_entries.derive,
    monitoring.derive,
    component_env.derive,
    authorities.derive,
    service_accounts.derive,
    disruption_budgets.derive,
    credentials.derive,
    external_secrets.derive,
    challenges.derive,
    network_policies.derive,
    namespaces.derive,
    mesh.derive,
    authorization.derive,
    pull_policy.derive,
    labels.derive,
    config_lines.derive,
    patches.derive,
    models.finish,
    images.derive,
    substitution.derive,
    checksums.derive,
    jobs.derive,
    order.derive,
)


def derive(lowered: Mapping[str | None, Lowered], report: Report) -> dict[str | None, Lowered]:
    """Add everything that follows from the graph and the objects of each environment."""
    return {
        name: _derived(environment, report.within(name)) for name, environment in lowered.items()
    }


def _derived(lowered: Lowered, report: Report) -> Lowered:
    for derive_pass in PASSES:
        lowered = derive_pass(lowered, report)
    return lowered
