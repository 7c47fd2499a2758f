"""State the known facts about the images of Kubeflow Pipelines."""

from compiler.model.versions import Boundary, Crossing, Source, Versions

_SOURCE = Source(
    "kubeflow/pipelines, backend/src/apiserver/client_manager/client_manager.go", "2026-11"
)
_METADATA = Source("google/ml-metadata, metadata_store/rdbms_metadata_access_object.cc", "2026-11")
VERSIONS = Versions(
    boundaries=(
        Boundary(
            "kfp-api-server", r"^(\d+)\.(\d+)", "Deployment",
            Crossing(
                "downtime", False,
                "Kubeflow Pipelines {new} migrates the database of {old} at its start, which cannot be "
                "undone; from before 2.15 it shrinks columns and stops where a text is too long",
                "make a backup of the database first, as `apply-plan --since` does",
            ),
            Crossing(
                "downtime", False,
                "Kubeflow Pipelines {new} may not run on a database that {old} has migrated: it "
                "changes columns to its own definitions, and lacks those that {old} asks for",
                "restore the backup of the database that was made before {old}, as docs/how-to/upgrade.md shows",
            ),
            _SOURCE,
        ),
        Boundary(
            "ml_metadata_store_server", r"^(\d+)\.(\d+)", "Deployment",
            Crossing(
                "downtime", False,
                "ML Metadata {new} migrates the database of {old} at its start, and {old} refuses it then",
                "make a backup of the database first",
            ),
            Crossing(
                "data loss", True, "ML Metadata {new} refuses a database of which {old} has changed the schema",
                "restore the backup of the database that was made before {old}, as docs/how-to/upgrade.md shows",
            ),
            _METADATA,
        ),
    ),
)  # fmt: skip
