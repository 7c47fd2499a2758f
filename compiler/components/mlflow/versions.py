"""State the known facts about ghcr.io/mlflow/mlflow."""

from compiler.model.versions import Boundary, Crossing, Setting, Source, Tags, Versions

_README = Source("mlflow/mlflow, docker/README.md", "2026-11")
_DOCKERFILE = Source("mlflow/mlflow, docker/Dockerfile.full", "2026-11")
_MIGRATION = Source("mlflow.org/docs/latest/self-hosting/migration; mlflow#12627", "2026-11")
_INSTEAD = (
    "use `v3.9.0-full` or newer, such as `v3.17.2-full`, or an image of your own with "
    "`mlflow[extras,db]`"
)
_OLD = r"v?([012]\.\d+|3\.[0-8])(\.\d+.*|-.*)?"
_ADDRESSES = Source(
    "mlflow 3.17.2, store/tracking/sqlalchemy_store.py and server/handlers.py; run both ways",
    "2026-11",
)


def _addresses(before: str, after: str, stored: str, effect: str) -> Setting:
    """MLflow stores the address of artefacts with each experiment when it is created, and with each run."""
    reason = (
        f"each experiment keeps its address of artefacts, `{stored}...`, and {effect}: "
        "clients neither read nor write artefacts of existing experiments"
    )
    remedy = (
        f"keep `artifacts: {before}`, or write the new addresses into MLflow's database, as "
        "docs/how-to/upgrade.md shows"
    )
    return Setting(
        "artifacts", before, after, Crossing("downtime", False, reason, remedy), _ADDRESSES
    )


VERSIONS = Versions(
    tags=(
        Tags("gone", "mlflow/mlflow", rf"(?={_OLD}$).*-full", "exists from 3.9.0 on only", _README, _INSTEAD),
        Tags(
            "unfit", "mlflow/mlflow", rf"(?={_OLD}$)(?!.*-full).*",
            "has no driver for PostgreSQL and S3", _DOCKERFILE, _INSTEAD,
        ),
        Tags(
            "unfit", "mlflow/mlflow", r"(?!.*-full).*", "has no driver for PostgreSQL and S3",
            _DOCKERFILE, "use the tag with `-full`",
        ),
    ),
    boundaries=(
        Boundary(
            "mlflow", r"^v?(\d+)\.(\d+)", "Deployment|Job",
            Crossing(
                "downtime", False,
                "MLflow {new} migrates the database of {old}, which cannot be undone and is not "
                "guaranteed to be one transaction",
                "make a backup of the database first, as `apply-plan --since` does; pods of {old} fail when "
                "the migration has begun",
            ),
            Crossing(
                "data loss", True, "MLflow {new} refuses the schema that {old} has made: its Job fails and "
                "its pods wait for ever",
                "restore the backup of the database that was made before {old}, as docs/how-to/upgrade.md shows",
            ),
            _MIGRATION,
        ),
    ),
    settings=(
        _addresses("proxied", "direct", "mlflow-artifacts:/", "the server refuses it (status 503)"),
        _addresses("direct", "proxied", "s3://", "clients lose their key of the store"),
    ),
)  # fmt: skip
