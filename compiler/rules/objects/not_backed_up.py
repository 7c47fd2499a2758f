"""Data that nothing copies: volumes, and buckets of the platform's stores."""

from __future__ import annotations

from compiler.diagnostics import Report, listing
from compiler.interfaces import s3
from compiler.model import Graph, Lowered, Package, Platform
from compiler.rules.shared_fate import OF_COPIES
from compiler.spec.component import RecordSpec

_ROLE = "app.kubernetes.io/component"


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    backup = platform.settings.backup
    if backup is None:
        return
    for package in lowered.packages.values():
        buckets = _buckets(package.name, lowered.graph)
        if package.name == backup.to:
            if buckets:
                content = f"the bucket{'s' if len(buckets) > 1 else ''} {listing(buckets)} of "
                _add(
                    platform, package, f"{content}`{package.name}`, which keeps the copies", report
                )
        elif (buckets or _holds(package)) and not _copied(package):
            _add(platform, package, f"the data of `{package.name}`", report)


def _buckets(name: str, graph: Graph) -> list[str]:
    """The buckets in a store of the platform, without buckets that keep copies."""
    bindings = (binding for binding in graph.bindings if binding.provider.name == name)
    return sorted(
        {
            bucket
            for binding in bindings
            if isinstance(binding.claim, s3.Claim)
            and binding.requires.slot not in OF_COPIES
            and not binding.offer.external
            for bucket in binding.claim.buckets
        }
    )


def _holds(package: Package) -> bool:
    """Whether an instance has volumes: the claims of a StatefulSet, or volumes that an operator makes."""
    return any(
        resource.custom.volume_claims
        if resource.custom
        else resource.manifest.get("spec", {}).get("volumeClaimTemplates")
        for resource in package.resources
    )


def _copied(package: Package) -> bool:
    """Whether something copies an instance, or the spec has a reason why nothing does."""
    if package.instance is not None and isinstance(package.instance.spec, RecordSpec):
        return True
    return any(
        (resource.custom is not None and resource.custom.copies_data)
        or resource.manifest["metadata"].get("labels", {}).get(_ROLE) == "backup"
        for resource in package.resources
    )


def _add(platform: Platform, package: Package, contents: str, report: Report) -> None:
    assert package.instance is not None
    path = package.instance.path
    report.add(
        "not-backed-up",
        f"`spec.backup` does not copy {contents}",
        platform.document.span_of(path),
        path=path,
        help="copy it in another way, or silence this with the reason why it needs no copy",
    )
