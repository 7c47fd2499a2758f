"""Add a PodDisruptionBudget to workloads with several replicas; for a single one it would block drains."""

from __future__ import annotations

from compiler.derive.packages import each_package, extended
from compiler.diagnostics import Report
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package
from compiler.model.resource import Resource


def derive(lowered: Lowered, report: Report) -> Lowered:
    def add_budgets(package: Package) -> Package:
        return extended(
            package,
            (
                Resource(_budget(resource.manifest), resource.step)
                for resource in package.resources
                if resource.kind in ("Deployment", "StatefulSet")
                and resource.manifest["spec"]["replicas"] > 1
            ),
        )

    return each_package(lowered, add_budgets)


def _budget(manifest: Manifest) -> Manifest:
    metadata = manifest["metadata"]
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": dict(metadata),
        "spec": {
            "maxUnavailable": 1,
            "selector": manifest["spec"]["selector"],
            # A pod that never became ready must not block a drain.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }
