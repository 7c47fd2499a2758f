"""The fields of a `feast` component."""

from typing import Annotated, Literal

from pydantic import Field

from compiler import model
from compiler.spec.constraints import InvalidValue, Pattern, exact
from compiler.spec.types import Bucket, Database, Duration, Image, Name, Schedule

REPOSITORY = "/repo"

FeatureView = Annotated[str, Field(pattern=exact(r"[A-Za-z_][A-Za-z0-9_]*"))]
File = Annotated[str, Field(pattern=exact(r"[A-Za-z0-9_][A-Za-z0-9_-]*\.py"))]


Project = Annotated[
    str,
    Pattern(
        r"[A-Za-z0-9][A-Za-z0-9_]*", "invalid-name", "the name of a Feast project",
        "use letters, digits and `_`; start with a letter", example="churn",
    ),
]  # fmt: skip
# A CronJob's name has room for 52 characters, and an instance's for 40 of them.
Run = Annotated[str, Field(pattern=exact(r"[a-z](?:[a-z0-9-]{0,9}[a-z0-9])?"))]


class Repository(model.Section):
    """Feature definitions, from an image or from the spec."""

    image: Annotated[
        Image | None, Field(description="An image with the definitions; it needs a shell.")
    ] = None
    path: Annotated[
        str, Field(pattern=exact(r"/[\w./-]*"), description="Their path in the image.")
    ] = REPOSITORY
    files: Annotated[
        dict[File, str], Field(description="The definitions themselves, by file name.")
    ] = {}
    validate_sources: Annotated[
        bool, Field(description="Refuse definitions whose data does not exist yet.")
    ] = True

    def check(self) -> None:
        if (self.image is None) == (not self.files):
            message = "a repository is an `image` or `files`, and one of the two"
            raise InvalidValue("invalid-value", message, "write `repository: {image: ...}`")


class Materialize(model.Section):
    """A schedule that materializes views into the online store."""

    schedule: Annotated[Schedule, Field(description="A cron expression, in UTC.")]
    views: Annotated[
        model.ListOf[FeatureView], Field(description="Feature views; default: all.")
    ] = ()
    timeout: Annotated[Duration, Field(description="How long a run may take.")] = "1h"


class Spec(model.RunningSpec, model.AdoptsData):
    """A Feast feature store."""

    image: Annotated[Image, Field(description="Its image.")] = (
        "quay.io/feastdev/feature-server:0.67.0"
    )
    project: Annotated[
        Project | None,
        Field(description="The Feast project; default: the instance's name."),
    ] = None
    replicas: Annotated[int, Field(ge=1, le=50, description="Feature server pods.")] = 1
    workers: Annotated[
        int, Field(ge=1, le=16, description="Processes in each pod; prefer replicas.")
    ] = 1
    offline_store: Annotated[
        Literal["file", "duckdb", "postgres"],
        Field(description="Files on the object store read by pandas or DuckDB, or PostgreSQL."),
    ] = "file"
    clients: Annotated[
        Literal["direct", "remote"],
        Field(description="Whether clients open the stores themselves or ask servers."),
    ] = "direct"
    database: Annotated[
        Database | None,
        Field(description="The database of the registry; default: the instance's name."),
    ] = None
    bucket: Annotated[
        Bucket | None, Field(description="The bucket of the files; default: the instance's name.")
    ] = None
    offline_database: Annotated[
        Database | None,
        Field(
            description="The database of `postgres`; default: the instance's name and `_offline`."
        ),
    ] = None
    shared: Annotated[
        bool, Field(description="Other instances may claim its databases and bucket as well.")
    ] = False
    writers: Annotated[
        model.ListOf[Name],
        Field(
            description="Workloads and models that may write the registry, by `feast apply` or "
            "`materialize`; all others read it."
        ),
    ] = ()
    key_ttl: Annotated[
        Duration | None,
        Field(description="How long a value stays in the online store; default: for ever."),
    ] = None
    batch_size: Annotated[int, Field(ge=1, description="Rows per write to the online store.")] = (
        10000
    )
    repository: Annotated[
        Repository | None,
        Field(description="Feature definitions to apply; default: a workload of `writers` does."),
    ] = None
    materialize: Annotated[
        Materialize | None, Field(description="Materialize new values into the online store.")
    ] = None
    schedules: Annotated[
        dict[Run, Materialize],
        Field(
            description="Several such schedules by name, for views that must be fresher than others."
        ),
    ] = {}

    def check(self) -> None:
        super().check()
        if self.materialize and "materialize" in self.schedules:
            message = "`materialize` is the name of the run that has no other"
            raise InvalidValue("invalid-value", message, "call this one otherwise")

    @property
    def servers_read(self) -> bool:
        """Whether the servers before the registry only read it: else no client could apply anything."""
        return self.clients == "remote" and self.repository is not None

    @property
    def runs(self) -> dict[str, Materialize]:
        """The materialization schedules, by the last part of their CronJob's name."""
        return {**({"materialize": self.materialize} if self.materialize else {}), **self.schedules}
