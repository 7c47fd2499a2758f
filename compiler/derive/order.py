"""The order of delivery, as Argo CD reads it: a sync wave on everything."""

from __future__ import annotations

from dataclasses import replace

from compiler.derive.packages import annotated, each_package
from compiler.diagnostics import Report
from compiler.model.package import Lowered, Package

WAVE = "argocd.argoproj.io/sync-wave"


def derive(lowered: Lowered, report: Report) -> Lowered:
    def one(package: Package) -> Package:
        resources = tuple(
            replace(
                resource,
                manifest=annotated(resource.manifest, {WAVE: str(package.phase + resource.step)}),
            )
            for resource in package.resources
        )
        return replace(package, resources=resources)

    return each_package(lowered, one)
