"""What `components.feast` may hold."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from compiler import model
from compiler.model.form import refusal
from compiler.model.words import Bucket, Database, Duration, Image, Schedule

REPOSITORY = "/repo"

FeatureView = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
File = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]*\.py$")]


def _project(name: str) -> str:
    if name[:1] in "_" or not all(
        mark.isascii() and (mark.isalnum() or mark == "_") for mark in name
    ):
        message = f"`{name}` is not the name of a Feast project"
        raise refusal("invalid-name", message, "use letters, digits and `_`; start with a letter")
    return name


class Repository(model.Section):
    """Feature definitions, from an image or from right here."""

    image: Image | None = Field(None, description="An image that holds them; it needs a shell.")
    path: str = Field(
        REPOSITORY, pattern=r"^/[\w./-]*$", description="Where in the image they are."
    )
    files: dict[File, str] = Field({}, description="The definitions themselves, by file name.")
    validate_sources: bool = Field(
        True, description="Refuse definitions whose data is not there yet."
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.image is None) == (not self.files):
            message = "a repository is an `image` or `files`, and one of the two"
            raise refusal("invalid-value", message, "write `repository: {image: ...}`")
        return self


class Materialize(model.Section):
    """When new values are brought online."""

    schedule: Schedule = Field(description="A cron expression, in UTC.")
    views: tuple[FeatureView, ...] = Field(
        (), strict=False, description="Feature views; default: all."
    )
    timeout: Duration = Field("1h", description="How long a run may take.")


class Spec(model.RunningSpec):
    """A Feast feature store."""

    image: Image = Field("quay.io/feastdev/feature-server:0.67.0", description="Its image.")
    project: Annotated[str, AfterValidator(_project)] | None = Field(
        None, description="The Feast project; default: the instance's name."
    )
    replicas: int = Field(1, ge=1, le=50, description="Feature server pods.")
    workers: int = Field(1, ge=1, le=16, description="Processes in each; prefer replicas.")
    offline_store: Literal["file", "duckdb", "postgres"] = Field(
        "file", description="Files on the object store read by pandas or DuckDB, or PostgreSQL."
    )
    clients: Literal["direct", "remote"] = Field(
        "direct", description="Whether clients open the stores themselves or ask servers."
    )
    database: Database | None = Field(
        None, description="Of the registry; default: the instance's name."
    )
    bucket: Bucket | None = Field(None, description="Of the files; default: the instance's name.")
    offline_database: Database | None = Field(
        None, description="Of `postgres`; default: the instance's name and `_offline`."
    )
    shared: bool = Field(False, description="Others may claim its databases and bucket too.")
    key_ttl: Duration | None = Field(
        None, description="How long a value stays online after it was written; default: for ever."
    )
    batch_size: int = Field(10000, ge=1, description="Rows written online at once.")
    repository: Repository | None = Field(
        None, description="Feature definitions to apply; default: somebody else applies them."
    )
    materialize: Materialize | None = Field(None, description="Bring new values online.")
