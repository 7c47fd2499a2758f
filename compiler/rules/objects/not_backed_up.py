"""What holds data and is not copied, and copies that share the fate of what they copy."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.model import Lowered, Package, Path, Platform
from compiler.model.instance import Instance
from compiler.registry import providers
from compiler.spec.component import RecordSpec

_ROLE = "app.kubernetes.io/component"


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    backup = platform.settings.backup
    if backup is None:
        return
    target = platform.instances.get(backup.to)
    if target is not None:
        _check_target(platform, lowered, target, report)
    for package in lowered.packages.values():
        if package.name != backup.to and _holds(package) and not _copied(package):
            _add(platform, package, report)


def _check_target(
    platform: Platform, lowered: Lowered, target: Instance[object], report: Report
) -> None:
    offers = lowered.graph.offers.get(target.name, {})
    if offers and not any(offer.external for offer in offers.values()):
        interface = next(iter(offers)).endpoint.interface
        outside = next(type for type in providers(interface) if type.startswith("external-"))
        path: Path = ("spec", "backup", "to")
        report.add(
            "shared-fate",
            f"`{target.name}` keeps the copies in the cluster of what they are copies of",
            platform.document.value_span(path),
            path=path,
            help=f"name an `{outside}` elsewhere: who loses this cluster loses both",
        )


def _holds(package: Package) -> bool:
    """Whether an instance has volumes: a StatefulSet with claims, or those that an operator makes."""
    return any(
        resource.custom.volume_claims
        if resource.custom
        else resource.manifest.get("spec", {}).get("volumeClaimTemplates")
        for resource in package.resources
    )


def _copied(package: Package) -> bool:
    """Whether something copies it, or a reason says that nothing is to."""
    if package.instance is not None and isinstance(package.instance.spec, RecordSpec):
        return True
    return any(
        (resource.custom is not None and resource.custom.copies_data)
        or resource.manifest["metadata"].get("labels", {}).get(_ROLE) == "backup"
        for resource in package.resources
    )


def _add(platform: Platform, package: Package, report: Report) -> None:
    assert package.instance is not None
    path = package.instance.path
    report.add(
        "not-backed-up",
        f"`spec.backup` does not copy what `{package.name}` holds",
        platform.document.span_of(path),
        path=path,
        help="silence this with how it is copied, or why it need not be",
    )
