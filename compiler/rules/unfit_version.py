"""Versions known not to work together, each with its source; what isn't listed is unknown, not fine."""

from __future__ import annotations

import re

from msgspec import Struct

from compiler.diagnostics import Report
from compiler.model import Graph, Path, Platform
from compiler.model.image import split_image


class Image(Struct, frozen=True):
    """An image of a component that does not fit what the compiler makes around it."""

    type: str
    repository: str  # what the name ends in
    tag: str  # a pattern
    reason: str
    instead: str


IMAGES = (
    Image(
        "mlflow", "mlflow/mlflow", r"(?!.*-full).*",
        "has no driver for PostgreSQL and S3 (mlflow/mlflow, docker/Dockerfile.full)",
        "use the tag with `-full`",
    ),
    Image(
        "postgres", "postgres", r".*alpine.*",
        "runs as user 70, and the volume belongs to 999 (docker-library/postgres, Dockerfiles)",
        "use a Debian tag, such as `17.9-bookworm`",
    ),
    Image(
        "postgres", "postgres", r"(9|1[0-3])(\.|-|$).*",
        "is of a major version without fixes (postgresql.org/support/versioning)",
        "use 14 or newer",
    ),
    Image(
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


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for instance in platform.having("image"):
        image = instance.spec.image
        repository, tag, _ = split_image(image) if isinstance(image, str) else ("", "", "")
        for known in IMAGES if instance.section == "components" else ():
            ends = repository == known.repository or repository.endswith(f"/{known.repository}")
            if instance.type == known.type and ends and re.fullmatch(known.tag, tag):
                path: Path = (*instance.path, "image")
                report.add(
                    "unfit-version",
                    f"`{image}` {known.reason}",
                    platform.document.value_span(path),
                    path=path,
                    help=known.instead,
                )
    _cluster(platform, report)


def _cluster(platform: Platform, report: Report) -> None:
    version = platform.settings.cluster.kubernetes
    if version is None:
        return
    path: Path = ("spec", "cluster", "kubernetes")
    for instance in platform.instances.values():
        oldest, source = OLDEST.get(instance.type, (0, ""))
        if instance.section == "components" and int(version.partition(".")[2]) < oldest:
            report.add(
                "unfit-version",
                f"`{instance.name}` needs Kubernetes 1.{oldest} or newer, not {version}: {source}",
                platform.document.value_span(path),
                path=path,
                help="upgrade the cluster, or leave the component out of this environment",
            )
