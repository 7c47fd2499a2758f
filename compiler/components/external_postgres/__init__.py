"""A PostgreSQL outside the platform, or another server with its protocol (Greenplum 7).

It offers databases and has no objects; roles and databases are created where it runs.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from compiler import model
from compiler.components.bases import external
from compiler.interfaces import postgresql
from compiler.spec.types import Port

PHASE = model.Phase.DATABASES
DATABASES = model.Provides("databases", postgresql.Endpoint)

binding_problems = external.binding_problems
revoke_command = external.revoke_command


class Spec(external.Spec):
    """An existing PostgreSQL server."""

    port: Annotated[Port, Field(description="Its port.")] = 5432
    sslmode: Annotated[
        Literal["disable", "prefer", "require"],
        Field(description="TLS, as libpq names it; with `ca`, it is `verify-full`."),
    ] = "require"
    max_connections: Annotated[
        Annotated[int, Field(ge=20)] | None,
        Field(description="Its `max_connections`; the sizes of pools are checked against it."),
    ] = None

    @property
    def encrypted(self) -> bool:
        return self.sslmode != "disable"


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    spec = me.spec
    return {
        DATABASES: postgresql.Offer(
            host=spec.host,
            port=spec.port,
            sslmode="verify-full" if spec.ca else spec.sslmode,
            max_connections=spec.max_connections,
            cidrs=spec.cidrs,
            ca=spec.authority,
            logins=spec.logins,
        )
    }


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Resource]:
    return iter(())
