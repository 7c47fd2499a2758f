"""State the known facts about docker.io/edoburu/pgbouncer."""

from compiler.model.versions import Source, Tags, Versions

VERSIONS = Versions(
    tags=(
        Tags(
            "unfit", "pgbouncer", r"v?1\.([0-9]|1[0-9]|20)\..*",
            "doesn't know `max_prepared_statements`, which came with 1.21",
            Source("PgBouncer NEWS", "2026-11"), "use 1.25.2 or newer",
        ),
    ),
)  # fmt: skip
