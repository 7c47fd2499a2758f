"""The language: existing objects that keep their names when an instance takes them over."""

from typing import Annotated

from pydantic import Field

from compiler.spec.constraints import InvalidValue, exact
from compiler.spec.section import Section
from compiler.spec.types import Bucket, Database, Name, Port, SecretName


class AdoptedService(Section):
    """The existing Service that an instance serves."""

    service: Annotated[
        Name | None,
        Field(description="The Service by which clients reach it; default: the instance's name."),
    ] = None
    port: Annotated[
        Port | None,
        Field(description="A port at which that Service answers too, for clients of before."),
    ] = None

    def check(self) -> None:
        if self.port is not None and self.service is None:
            message = "`port` is another port of the Service that `service` names"
            raise InvalidValue("invalid-value", message, "add `service: NAME`")


class AdoptedVolume(AdoptedService):
    """The existing Service and volume of a server."""

    claim: Annotated[
        Name | None,
        Field(description="The PersistentVolumeClaim with its data; no new one is made."),
    ] = None


class AdoptedDatabaseServer(AdoptedVolume):
    """The existing Service, volume and administrator of a database server."""

    folder: Annotated[
        str | None,
        Field(
            pattern=exact(r"\.|[\w-][\w.-]*(/[\w-][\w.-]*)*"),
            description="The folder of the data in that volume; `.` is the volume itself.",
        ),
    ] = None
    secret: Annotated[
        SecretName | None,
        Field(description="The Secret with the administrator's `username` and `password`."),
    ] = None

    def check(self) -> None:
        super().check()
        if self.folder is not None and self.claim is None:
            message = "`folder` is in the volume that `claim` names"
            raise InvalidValue("invalid-value", message, "add `claim: NAME`")


class AdoptedData(AdoptedService):
    """The existing Service, database and bucket of a server without a volume."""

    database: Annotated[
        Database | None, Field(description="The database that holds its data already.")
    ] = None
    bucket: Annotated[
        Bucket | None, Field(description="The bucket that holds its data already.")
    ] = None


class AdoptsService(Section):
    """Fields of a server without data that may take over a Service."""

    adopt: Annotated[
        AdoptedService | None,
        Field(description="Existing objects that it takes over, under their names."),
    ] = None


class AdoptsVolume(Section):
    """Fields of a server that may take over a Service and a volume."""

    adopt: Annotated[
        AdoptedVolume | None,
        Field(description="Existing objects that it takes over, under their names."),
    ] = None

    def check(self) -> None:
        replicas = getattr(self, "replicas", 1)
        if self.adopt is not None and self.adopt.claim is not None and replicas > 1:
            message = f"`claim: {self.adopt.claim}` is the volume of one server, not of {replicas}"
            help = "write `replicas: 1`, or copy the data into a new instance"
            raise InvalidValue("invalid-value", message, help)


class AdoptsDatabaseServer(Section):
    """Fields of a database server that may take over a Service, a volume and a login."""

    adopt: Annotated[
        AdoptedDatabaseServer | None,
        Field(description="Existing objects that it takes over, under their names."),
    ] = None

    @property
    def adopted(self) -> AdoptedDatabaseServer:
        return self.adopt or AdoptedDatabaseServer()


class AdoptsData(Section):
    """Fields of a server that may take over a Service, a database and a bucket."""

    adopt: Annotated[
        AdoptedData | None,
        Field(description="Existing objects that it takes over, under their names."),
    ] = None

    @property
    def adopted(self) -> AdoptedData:
        return self.adopt or AdoptedData()

    def check(self) -> None:
        """Refuse a database or a bucket that is named next to the one that is adopted."""
        for key in ("database", "bucket"):
            named, adopted = getattr(self, key), getattr(self.adopted, key)
            if named is not None and adopted is not None:
                message = f"`{key}: {named}` is named next to `adopt: {{{key}: {adopted}}}`"
                raise InvalidValue("invalid-value", message, f"delete `{key}: {named}`")
