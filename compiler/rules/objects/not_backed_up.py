"""Data that nothing copies: volumes, and buckets of the platform's stores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from compiler.diagnostics import Report
from compiler.diagnostics.words import listing
from compiler.interfaces import s3
from compiler.kube.labels import COMPONENT
from compiler.model import Graph, Lowered, Package, Platform
from compiler.spec.component import RecordSpec


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    backup = platform.settings.backup
    if backup is None:
        return
    buckets_of = _buckets(lowered.graph)
    for package in lowered.packages.values():
        buckets = sorted(buckets_of.get(package.name, ()))
        if package.name == backup.to:
            if buckets:
                content = f"the bucket{'s' if len(buckets) > 1 else ''} {listing(buckets)} of "
                _add(
                    platform, package, f"{content}`{package.name}`, which keeps the copies", report
                )
        elif (buckets or _holds(package)) and not _copied(package):
            _add(platform, package, f"the data of `{package.name}`", report)


def _buckets(graph: Graph) -> Mapping[str, set[str]]:
    """The buckets in each store of the platform, without buckets that keep copies."""
    buckets_of: dict[str, set[str]] = defaultdict(set)
    for binding in graph.bindings:
        claim, is_copy = binding.claim, binding.requires.slot in s3.OF_COPIES
        if isinstance(claim, s3.Claim) and not is_copy and not binding.offer.external:
            buckets_of[binding.provider.name].update(claim.buckets)
    return buckets_of


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
        or resource.manifest["metadata"].get("labels", {}).get(COMPONENT) == "backup"
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
