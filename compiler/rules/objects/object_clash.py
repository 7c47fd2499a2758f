"""Two instances that create an object of the same kind and name: one would overwrite the other.

Operators make Services too, with names that follow from their own objects.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics import Related, Report
from compiler.model import CustomResource, Lowered, Package, Platform, Resource

Id = tuple[str, str, str, str]  # group, kind, namespace, name


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    owners: dict[Id, Package] = {}
    for package in lowered.all_packages:
        for id in _made(package):
            owner = owners.setdefault(id, package)
            if owner is not package and owner.instance and package.instance:
                _report(platform, id, owner, package, report)


def _made(package: Package) -> Iterator[Id]:
    """The objects of a package, and the Services that operators make of them."""
    for resource in package.resources:
        yield resource.id
        if resource.custom is not None:
            for service in _services(resource, resource.custom):
                yield ("", "Service", resource.namespace, service)
    for config in package.configs:
        yield ("", "ConfigMap", config.namespace, config.name)


def _services(resource: Resource, custom: CustomResource) -> list[str]:
    """The names of the Services that an operator makes of an object."""
    named_alike = [resource.name] if "Service" in custom.makes else []
    return [*named_alike, *(custom.services(resource.manifest) if custom.services else ())]


def _report(
    platform: Platform, id: Id, owner: Package, package: Package,
    report: Report,
) -> None:  # fmt: skip
    assert owner.instance is not None
    assert package.instance is not None
    _, kind, namespace, name = id
    owner_path, package_path = (instance.source for instance in (owner.instance, package.instance))
    location = f" in `{namespace}`" if namespace else ""
    report.add(
        "object-clash",
        f"`{owner.name}` and `{package.name}` would both make {kind} `{name}`{location}",
        platform.document.span_of(package_path),
        path=package_path,
        help=f"rename `{package.name}`" + (", or give it another namespace" if namespace else ""),
        related=[Related("the other one", platform.document.span_of(owner_path))],
    )
