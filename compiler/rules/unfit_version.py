"""Versions that are known not to work together, each with its source. Other versions are unknown."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from compiler.diagnostics import Report
from compiler.model import Instance, Path, Platform
from compiler.spec.image import split_image


class UnfitImage(Struct, frozen=True):
    """Images of a component that do not work with the objects that the compiler writes."""

    type: str
    repository: str  # the end of the image's name
    tag: str  # a pattern
    reason: str
    help: str

    def means(self, repository: str, tag: str) -> bool:
        same = f"/{repository}".endswith(f"/{self.repository}")
        return same and re.fullmatch(self.tag, tag) is not None


IMAGES = (
    UnfitImage(
        "mlflow", "mlflow/mlflow", r"(?!.*-full).*",
        "has no driver for PostgreSQL and S3 (mlflow/mlflow, docker/Dockerfile.full)",
        "use the tag with `-full`",
    ),
    UnfitImage(
        "postgres", "postgres", r".*alpine.*",
        "runs as user 70, and the volume belongs to 999 (docker-library/postgres, Dockerfiles)",
        "use a Debian tag, such as `17.9-bookworm`",
    ),
    UnfitImage(
        "postgres", "postgres", r"(9|1[0-3])(\.|-|$).*",
        "is of a major version without fixes (postgresql.org/support/versioning)",
        "use 14 or newer",
    ),
    UnfitImage(
        "pgbouncer", "pgbouncer", r"v?1\.([0-9]|1[0-9]|20)\..*",
        "doesn't know `max_prepared_statements`, which came with 1.21 (PgBouncer NEWS)",
        "use 1.25.2 or newer",
    ),
)  # fmt: skip

# The oldest Kubernetes that a component's pinned release supports, by its own documentation.
OLDEST = {
    "cloudnative-pg": (34, "CloudNativePG 1.30 supports 1.34 to 1.36 (its release notes)"),
    "kserve": (32, "KServe 0.20 asks for 1.32 (kserve.github.io, admin guide)"),
}


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    if instance.section == "components":
        _check_image(instance, platform, report)
        _check_cluster(instance, platform, report)


def _check_image(instance: Instance[Any], platform: Platform, report: Report) -> None:
    image = getattr(instance.spec, "image", None)
    unfit_image = unfit(instance.type, image) if isinstance(image, str) else None
    if unfit_image is not None:
        path: Path = (*instance.path, "image")
        report.add(
            "unfit-version",
            f"`{image}` {unfit_image.reason}",
            platform.document.value_span(path),
            path=path,
            help=unfit_image.help,
        )


def unfit(type: str, image: str) -> UnfitImage | None:
    """The row of the table for an image of a component of this type, or None."""
    repository, tag, _ = split_image(image)
    return next((row for row in IMAGES if row.type == type and row.means(repository, tag)), None)


def _check_cluster(instance: Instance[Any], platform: Platform, report: Report) -> None:
    version = platform.settings.cluster.kubernetes
    oldest, source = OLDEST.get(instance.type, (0, ""))
    if version is not None and int(version.partition(".")[2]) < oldest:
        path: Path = ("spec", "cluster", "kubernetes")
        report.add(
            "unfit-version",
            f"`{instance.name}` needs Kubernetes 1.{oldest} or newer, not {version}: {source}",
            platform.document.value_span(path),
            path=path,
            help="upgrade the cluster, or leave the component out of this environment",
        )
