"""What is known of CloudNativePG's images of PostgreSQL, and of the Kubernetes that it supports."""

from compiler.model.versions import Boundary, Crossing, Source, Tags, Versions

_NOTES = Source(
    "CloudNativePG 1.30, release notes and documentation (postgres_upgrades)", "2026-11"
)
_WEBHOOK = Source("CloudNativePG 1.30.0, internal/webhook/v1/cluster_webhook.go", "2026-11")
_COLLATIONS = Source("docker-library/postgres#1356", "2025-08")
_UP = Crossing(
    "downtime",
    False,
    "the operator stops the cluster and runs pg_upgrade from {old} to {new}: there is no way back but a backup",
    "take a backup first; after it, take a new one: the old ones cannot be restored by {new}",
)
_DOWN = Crossing(
    "data loss", True, "CloudNativePG refuses to go from PostgreSQL {old} back to {new}",
    "make a new cluster of {new} and restore a logical dump",
)  # fmt: skip
_LIBC = Crossing(
    "data loss",
    True,
    "the C library of {new} sorts text otherwise than that of {old}: indexes on text miss rows, and "
    "unique ones take duplicates",
    "in each database REINDEX DATABASE, then ALTER DATABASE ... REFRESH COLLATION VERSION",
)
VERSIONS = Versions(
    tags=(
        Tags(
            "unfit", "postgresql", r"([0-9]|1[0-2])([.-].*)?", "is refused by the operator's webhook",
            _WEBHOOK, "use 13 or newer",
        ),
        Tags(
            "moves", "cloudnative-pg/postgresql", r"\d+(-[a-z]+)*",
            "names a major version alone: a restart can be an upgrade",
            _NOTES, "name the whole version, such as `18.6-system-trixie`",
        ),
    ),
    boundaries=(
        Boundary("postgresql", r"^(\d+)", "Cluster", _UP, _DOWN, _NOTES),
        Boundary(
            "postgresql", r"-(bullseye|bookworm|trixie)", "Cluster",
            _LIBC, _LIBC, _COLLATIONS, missing="an unknown Debian",
        ),
    ),
)  # fmt: skip
