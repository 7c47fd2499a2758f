"""The fields of a `feast` component."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from compiler import model
from compiler.spec.constraints import Exact, InvalidValue, Pattern
from compiler.spec.types import MOST_INT64, Bucket, Database, Duration, Image, Name, Schedule

REPOSITORY = "/repo"

FeatureView = Annotated[str, Exact(r"[A-Za-z_][A-Za-z0-9_]*")]
File = Annotated[str, Exact(r"[A-Za-z0-9_][A-Za-z0-9_-]*\.py")]


Project = Annotated[
    str,
    Pattern(
        r"[A-Za-z0-9][A-Za-z0-9_]*", "invalid-name", "the name of a Feast project",
        "use letters, digits and `_`; start with a letter", example="churn",
    ),
]  # fmt: skip
# A CronJob's name has room for 52 characters, and an instance's for 40 of them.
Run = Annotated[str, Exact(r"[a-z](?:[a-z0-9-]{0,9}[a-z0-9])?")]


class Repository(model.Section):
    """Feature definitions, from an image or from the spec."""

    image: Image | None = Field(
        default=None, description="An image with the definitions; it needs a shell."
    )
    path: Annotated[str, Exact(r"/[\w./-]*")] = Field(
        default=REPOSITORY, description="Their path in the image."
    )
    files: dict[File, str] = Field(
        default={}, description="The definitions themselves, by file name."
    )
    validate_sources: bool = Field(
        default=True, description="Refuse definitions whose data does not exist yet."
    )

    def check(self) -> None:
        if (self.image is None) == (not self.files):
            message = "a repository is an `image` or `files`, and one of the two"
            raise InvalidValue("invalid-value", message, "write `repository: {image: ...}`")


class Materialize(model.Section):
    """A schedule that materializes views into the online store."""

    schedule: Schedule = Field(description="A cron expression, in UTC.")
    views: model.ListOf[FeatureView] = Field(default=(), description="Feature views; default: all.")
    timeout: Duration = Field(default="1h", description="How long a run may take.")
    resources: model.Resources | None = Field(
        default=None,
        description="Resources of a run's container; default: the instance's `resources`.",
    )


class Spec(model.RunningSpec, model.AdoptsData):
    """A Feast feature store."""

    image: Image = Field(default="quay.io/feastdev/feature-server:0.67.0", description="Its image.")
    project: Project | None = Field(
        default=None, description="The Feast project; default: the instance's name."
    )
    replicas: int = Field(default=1, ge=1, le=50, description="Feature server pods.")
    workers: int = Field(
        default=1, ge=1, le=16, description="Processes in each pod; prefer replicas."
    )
    offline_store: Literal["file", "duckdb", "postgres"] = Field(
        default="file",
        description="Files on the object store read by pandas or DuckDB, or PostgreSQL.",
    )
    clients: Literal["direct", "remote"] = Field(
        default="direct", description="Whether clients open the stores themselves or ask servers."
    )
    database: Database | None = Field(
        default=None, description="The database of the registry; default: the instance's name."
    )
    bucket: Bucket | None = Field(
        default=None, description="The bucket of the files; default: the instance's name."
    )
    offline_database: Database | None = Field(
        default=None,
        description="The database of `postgres`; default: the instance's name and `_offline`.",
    )
    shared: bool = Field(
        default=False, description="Other instances may claim its databases and bucket as well."
    )
    writers: model.ListOf[Name] = Field(
        default=(),
        description="Workloads and models that may write the registry and the online store, by "
        "`feast apply`, `materialize` or `push`; all others read them.",
    )
    key_ttl: Duration | None = Field(
        default=None, description="How long a value stays in the online store; default: for ever."
    )
    # The rows of a batch of Arrow, which Feast writes at once, are an int64.
    batch_size: int = Field(
        default=10000, ge=1, le=MOST_INT64, description="Rows per write to the online store."
    )
    repository: Repository | None = Field(
        default=None,
        description="Feature definitions to apply; default: a workload of `writers` does.",
    )
    materialize: Materialize | None = Field(
        default=None, description="Materialize new values into the online store."
    )
    schedules: dict[Run, Materialize] = Field(
        default={},
        description="Several such schedules by name, for views that must be fresher than others.",
    )

    def check(self) -> None:
        super().check()
        if self.materialize and "materialize" in self.schedules:
            message = "`materialize` is the name of the run that has no other"
            raise InvalidValue("invalid-value", message, "call this one otherwise")

    def idle(self) -> Mapping[str, str]:
        is_database = self.offline_store == "postgres"
        return {"bucket" if is_database else "offlineDatabase": "offlineStore"}

    @property
    def servers_read(self) -> bool:
        """Whether the servers before the registry only read it: not if clients apply definitions by them."""
        return self.clients == "remote" and self.repository is not None

    @property
    def runs(self) -> dict[str, Materialize]:
        """The materialization schedules, by the last part of their CronJob's name."""
        return {**({"materialize": self.materialize} if self.materialize else {}), **self.schedules}
