"""Keep one of equal definitions of a kind: several instances need the same one, and a cluster has it once."""

from __future__ import annotations

from msgspec.structs import replace

from compiler.derive.packages import each_package
from compiler.diagnostics import Report
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package
from compiler.model.resource import Resource


def derive(lowered: Lowered, report: Report) -> Lowered:
    definitions: dict[str, tuple[str, Manifest]] = {}

    def is_repeated(resource: Resource, package: Package) -> bool:
        if resource.kind != "CustomResourceDefinition":
            return False
        owner, manifest = definitions.setdefault(resource.name, (package.name, resource.manifest))
        return owner != package.name and manifest == resource.manifest

    def keep_new(package: Package) -> Package:
        resources = tuple(r for r in package.resources if not is_repeated(r, package))
        return package if resources == package.resources else replace(package, resources=resources)

    return each_package(lowered, keep_new)
