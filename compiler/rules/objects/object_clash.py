"""Two instances that create an object of the same kind and name: one would overwrite the other."""

from __future__ import annotations

from compiler.diagnostics import Related, Report
from compiler.model import Lowered, Package, Platform


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    owners: dict[tuple[str, str, str, str], Package] = {}
    for package in lowered.all_packages:
        maps = [("", "ConfigMap", config.namespace, config.name) for config in package.configs]
        for id in [*(resource.id for resource in package.resources), *maps]:
            owner = owners.setdefault(id, package)
            if owner is not package and owner.instance and package.instance:
                _report(platform, id, owner, package, report)


def _report(
    platform: Platform, id: tuple[str, str, str, str], owner: Package, package: Package,
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
