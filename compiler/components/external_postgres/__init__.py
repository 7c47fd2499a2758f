"""A PostgreSQL outside the platform, or another server with its protocol (Greenplum 7).

It offers databases and has no objects; roles and databases are created where it runs.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from compiler import kube, model
from compiler.components.bases import client_certificate, external
from compiler.interfaces import connections, postgresql, sql
from compiler.spec.constraints import InvalidValue
from compiler.spec.types import Port

PHASE = model.Phase.DATABASES
DATABASES = model.Provides("databases", postgresql.Endpoint)

binding_problems = client_certificate.binding_problems
revoke_command = external.revoke_command


class Spec(external.Spec, client_certificate.Spec):
    """An existing PostgreSQL server."""

    port: Port = Field(default=5432, description="Its port.")
    sslmode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] | None = Field(
        default=None,
        description="TLS, as libpq names it; default `require`, or `verify-full` with `ca`, which takes only the last two. "
        "`verify-ca` checks the authority and not the name: for a server without one.",
    )
    max_connections: Annotated[int, Field(ge=20, le=postgresql.MOST_CONNECTIONS)] | None = Field(
        default=None,
        description="Its `max_connections`; the sizes of pools are checked against it.",
    )

    @property
    def encrypted(self) -> bool:
        return self.sslmode != "disable"

    def check(self) -> None:
        super().check()
        # libpq's `require` checks the authority if it has one, and `prefer` goes on without TLS (its manual, 32.19).
        if self.ca is not None and self.sslmode in ("prefer", "require"):
            message = f"`sslmode: {self.sslmode}` does not verify the server, and `ca` is there to verify it"
            raise InvalidValue(
                "invalid-value",
                message,
                "leave `sslmode` out: then clients check the authority and the name; or write "
                "`sslmode: verify-ca`: then they check the authority alone",
                at="sslmode",
            )
        if self.ca is None and self.sslmode in ("verify-ca", "verify-full"):
            message = f"`sslmode: {self.sslmode}` verifies a certificate, and no authority is known"
            raise InvalidValue(
                "invalid-value",
                message,
                "add `ca:` with the authority's certificates",
                at="sslmode",
            )

    @property
    def mode(self) -> str:
        """The mode that clients use: with an authority, they verify the server."""
        return self.sslmode or ("require" if self.ca is None else "verify-full")


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    spec = me.spec
    return {
        DATABASES: postgresql.Offer(
            host=spec.host,
            port=spec.port,
            sslmode=spec.mode,
            max_connections=spec.max_connections,
            cidrs=spec.cidrs,
            ca=spec.authority,
            logins=spec.logins,
            client_certificates=spec.client_certificates,
        )
    }


def administration(me: model.Instance[Spec], wiring: model.Wiring) -> str:
    claims = wiring.claims(DATABASES)
    logins = sql.administered(claims, postgresql.LONGEST_ROLE)
    return kube.render(
        __file__, "logins.sql.j2",
        host=me.spec.host, logins=logins, databases=sql.databases(logins),
        adopted=sorted({binding.claim.database for binding in claims if binding.claim.exists}),
        clients=list(connections.parts(claims, connections.pool_sizes(claims, me.spec.max_connections))),
    )  # fmt: skip


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Resource]:
    return iter(())
