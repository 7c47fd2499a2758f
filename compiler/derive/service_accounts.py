"""A ServiceAccount for the pods of each instance, without an API token."""

from __future__ import annotations

from compiler.derive.packages import each_package, extended
from compiler.diagnostics import Report
from compiler.kube.account import service_account
from compiler.model.package import Lowered, Package
from compiler.model.resource import Resource, pod_template


def derive(lowered: Lowered, report: Report) -> Lowered:
    secrets = lowered.platform.settings.registry.pull_secrets

    def add_accounts(package: Package) -> Package:
        present = {r.name for r in package.resources if r.kind == "ServiceAccount"}
        templates = ((r, pod_template(r.manifest)) for r in package.resources)
        named = {(t["spec"]["serviceAccountName"], r.namespace) for r, t in templates if t}
        accounts = (
            Resource(service_account(name, namespace, secrets))
            for name, namespace in sorted(named)
            if name not in present
        )
        return extended(package, accounts)

    return each_package(lowered, add_accounts)
