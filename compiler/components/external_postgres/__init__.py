"""A PostgreSQL outside the platform, or another server that speaks its protocol (Greenplum 7).

It offers databases and emits nothing; roles and databases are made where it is run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from compiler import model
from compiler.interfaces import postgresql
from compiler.model.words import Cidr, Host, Port

PHASE = model.Phase.DATABASES
DATABASES = model.Provides("databases", postgresql.Endpoint)


class Spec(model.InstanceSpec):
    """A PostgreSQL server that exists."""

    host: Host = Field(description="Its host name.")
    port: Port = Field(5432, description="Its port.")
    sslmode: Literal["disable", "prefer", "require"] = Field(
        "require", description="TLS, as libpq names it."
    )
    max_connections: int | None = Field(
        None, ge=20, description="Its `max_connections`, so that pools can be held against it."
    )
    cidrs: tuple[Cidr, ...] = Field(
        (), strict=False, description="Its addresses; default: any, on its port."
    )


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    spec = me.spec
    return {
        DATABASES: postgresql.Offer(
            host=spec.host,
            port=spec.port,
            sslmode=spec.sslmode,
            max_connections=spec.max_connections,
            cidrs=spec.cidrs,
        )
    }


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Resource]:
    return iter(())
