"""State the known facts about docker.io/treeverse/lakefs."""

from compiler.model.versions import Boundary, Crossing, Source, Versions

VERSIONS = Versions(
    boundaries=(
        Boundary(
            "lakefs", r"^(\d+)\.(\d+)", "Deployment",
            None,
            Crossing(
                "downtime", False,
                "lakeFS {new} may not run on a database that {old} has migrated",
                "take a backup first, and read the notes of the releases between them",
            ),
            Source("lakeFS documentation, howto/upgrade", "2026-11"),
        ),
    ),
)  # fmt: skip
