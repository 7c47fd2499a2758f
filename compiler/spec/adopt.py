"""The language of `adopt`: existing objects that keep their names when an instance takes them over."""

from typing import Annotated

from pydantic import Field

from compiler.spec.constraints import Exact, InvalidValue
from compiler.spec.section import Section
from compiler.spec.types import Bucket, ClaimName, Database, Port, SecretName, ServiceName


class AdoptedService(Section):
    """The existing Service that an instance serves."""

    service: ServiceName | None = Field(
        default=None,
        description="The Service by which clients reach it; default: the instance's name.",
    )
    port: Port | None = Field(
        default=None, description="A port at which that Service answers too, for existing clients."
    )

    def check(self) -> None:
        if self.port is not None and self.service is None:
            message = "`port` is another port of the Service that `service` names"
            raise InvalidValue("invalid-value", message, "add `service: NAME`")


class AdoptedVolume(AdoptedService):
    """The existing Service and volume of a server."""

    claim: ClaimName | None = Field(
        default=None, description="The PersistentVolumeClaim with its data; no new one is made."
    )


class AdoptedDatabaseServer(AdoptedVolume):
    """The existing Service, volume and administrator of a database server."""

    folder: Annotated[str, Exact(r"\.|[\w-][\w.-]*(/[\w-][\w.-]*)*")] | None = Field(
        default=None,
        description="The folder of the data in that volume; `.` is the volume itself.",
    )
    secret: SecretName | None = Field(
        default=None,
        description="The existing Secret with the administrator's `username` and `password`.",
    )

    def data_folder(self, mount: str, usual: str) -> str:
        """The folder of the data in a mounted volume, by default the one that the platform makes."""
        folder = self.folder or usual
        return mount if folder == "." else f"{mount}/{folder}"

    def check(self) -> None:
        super().check()
        if self.folder is not None and self.claim is None:
            message = "`folder` is in the volume that `claim` names"
            raise InvalidValue("invalid-value", message, "add `claim: NAME`")
        if self.claim is not None and self.secret is None:
            message = f"the data in `claim: {self.claim}` has an administrator's password already"
            help = "add `secret: NAME` under `adopt`: a Secret with that `username` and `password`"
            raise InvalidValue("invalid-value", message, help)


class AdoptedData(AdoptedService):
    """The existing Service, database and bucket of a server without a volume."""

    database: Database | None = Field(
        default=None, description="The database that holds its data already."
    )
    bucket: Bucket | None = Field(
        default=None, description="The bucket that holds its data already."
    )


def _check_image(section: Section, adopted: AdoptedVolume | None) -> None:
    """Refuse the default image for a volume that another server wrote: its version may not read the data."""
    if adopted is None or adopted.claim is None or "image" in section.model_fields_set:
        return
    message = f"`image` is not set, and perhaps another version wrote `claim: {adopted.claim}`"
    help = f"add `image:` with the image that wrote it, like `{type(section).model_fields['image'].default}`"
    raise InvalidValue("invalid-value", message, help, at="adopt")


class AdoptsService(Section):
    """Fields of a server without data that may take over a Service."""

    adopt: AdoptedService | None = Field(
        default=None, description="Existing objects that it takes over, under their names."
    )


class AdoptsVolume(Section):
    """Fields of a server that may take over a Service and a volume."""

    adopt: AdoptedVolume | None = Field(
        default=None, description="Existing objects that it takes over, under their names."
    )

    def check(self) -> None:
        replicas = getattr(self, "replicas", 1)
        if self.adopt is not None and self.adopt.claim is not None and replicas > 1:
            message = f"`claim: {self.adopt.claim}` is the volume of one server, not of {replicas}"
            help = "write `replicas: 1`, or copy the data into a new instance"
            raise InvalidValue("invalid-value", message, help)
        _check_image(self, self.adopt)


class AdoptsDatabaseServer(Section):
    """Fields of a database server that may take over a Service, a volume and a login."""

    adopt: AdoptedDatabaseServer | None = Field(
        default=None, description="Existing objects that it takes over, under their names."
    )

    def check(self) -> None:
        _check_image(self, self.adopt)

    @property
    def adopted(self) -> AdoptedDatabaseServer:
        return self.adopt or AdoptedDatabaseServer()

    @property
    def administrator_by(self) -> str:
        """The creator of the administrator's Secret: the user, because the data has a password already."""
        return "you" if self.adopted.secret else ""


class AdoptsData(Section):
    """Fields of a server that may take over a Service, a database and a bucket."""

    adopt: AdoptedData | None = Field(
        default=None, description="Existing objects that it takes over, under their names."
    )

    @property
    def adopted(self) -> AdoptedData:
        return self.adopt or AdoptedData()

    def database_of(self, instance: str) -> str:
        """The adopted database, the one that the section names, or one with the name of the instance."""
        return self.adopted.database or self._named("database") or instance.replace("-", "_")

    def bucket_of(self, instance: str) -> str:
        """The adopted bucket, the one that the section names, or one with the name of the instance."""
        return self.adopted.bucket or self._named("bucket") or instance

    def _named(self, key: str) -> str | None:
        """A field of the sections that derive from this one, each with another description."""
        name: str | None = getattr(self, key)
        return name

    def check(self) -> None:
        """Refuse a database or a bucket that is named in addition to an adopted one."""
        for key in ("database", "bucket"):
            named, adopted = self._named(key), getattr(self.adopted, key)
            if named is not None and adopted is not None:
                message = f"`{key}: {named}` is named next to `adopt: {{{key}: {adopted}}}`"
                raise InvalidValue("invalid-value", message, f"delete `{key}: {named}`")
