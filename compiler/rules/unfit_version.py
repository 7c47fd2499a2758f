"""Versions that are known not to work together, each with its source. Other versions are unknown."""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Report
from compiler.model import Instance, Path, Platform
from compiler.model.images import images
from compiler.registry import component_of


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    if instance.section == "components":
        _check_image(instance, platform, report)
        _check_cluster(instance, platform, report)


def _check_image(instance: Instance[Any], platform: Platform, report: Report) -> None:
    for path, image in images(instance):
        row = component_of(instance).VERSIONS.verdict(image, "unfit")
        if row is not None:
            report.add(
                "unfit-version",
                f"`{image}` {row.reason} ({row.source.name})",
                platform.document.value_span(path),
                path=path,
                help=row.help,
            )


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
