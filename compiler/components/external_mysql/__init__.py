"""A MySQL outside the platform.

It offers databases and emits nothing; users and databases are made where it is run.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from compiler import model
from compiler.interfaces import mysql
from compiler.model.words import Cidr, Host, Port

PHASE = model.Phase.DATABASES
DATABASES = model.Provides("databases", mysql.Endpoint)


class Spec(model.InstanceSpec):
    """A MySQL server that exists."""

    host: Host = Field(description="Its host name.")
    port: Port = Field(3306, description="Its port.")
    tls: bool = Field(True, description="Whether clients must speak TLS to it.")
    cidrs: tuple[Cidr, ...] = Field(
        (), strict=False, description="Its addresses; default: any, on its port."
    )


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    spec = me.spec
    return {DATABASES: mysql.Offer(host=spec.host, port=spec.port, tls=spec.tls, cidrs=spec.cidrs)}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Resource]:
    return iter(())
