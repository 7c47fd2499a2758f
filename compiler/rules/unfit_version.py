"""Versions that are known not to work together, each with its source. Other versions are unknown."""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Report
from compiler.model import Instance, Path, Platform, UnfitImage
from compiler.registry import component_of


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    if instance.section == "components":
        _check_image(instance, platform, report)
        _check_cluster(instance, platform, report)


def _check_image(instance: Instance[Any], platform: Platform, report: Report) -> None:
    image = getattr(instance.spec, "image", None)
    unfit_image = unfit(instance, image) if isinstance(image, str) else None
    if unfit_image is not None:
        path: Path = (*instance.path, "image")
        report.add(
            "unfit-version",
            f"`{image}` {unfit_image.reason}",
            platform.document.value_span(path),
            path=path,
            help=unfit_image.help,
        )


def unfit(instance: Instance[Any], image: str) -> UnfitImage | None:
    """The row of the component's table that an image is in, or None."""
    rows = component_of(instance).UNFIT_IMAGES
    return next((row for row in rows if row.means(image)), None)


def _check_cluster(instance: Instance[Any], platform: Platform, report: Report) -> None:
    version = platform.settings.cluster.kubernetes
    oldest = component_of(instance).OLDEST_KUBERNETES
    if version is not None and int(version.partition(".")[2]) < oldest.minor:
        path: Path = ("spec", "cluster", "kubernetes")
        report.add(
            "unfit-version",
            f"`{instance.name}` needs Kubernetes 1.{oldest.minor} or newer, not {version}: {oldest.source}",
            platform.document.value_span(path),
            path=path,
            help="upgrade the cluster, or leave the component out of this environment",
        )
