"""A Redis, or anything that speaks its protocol, outside the platform.

It offers its keys and emits nothing; users are made where it is run.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from compiler import model
from compiler.interfaces import redis
from compiler.model.words import Cidr, Host, Port

PHASE = model.Phase.DATABASES
KEYS = model.Provides("keys", redis.Endpoint)


class Spec(model.InstanceSpec):
    """A Redis server that exists."""

    host: Host = Field(description="Its host name.")
    port: Port = Field(6379, description="Its port.")
    tls: bool = Field(True, description="Whether clients must speak TLS to it.")
    user: str = Field(
        "default",
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="The user that clients log in as, each with a Secret that holds its password.",
    )
    cidrs: tuple[Cidr, ...] = Field(
        (), strict=False, description="Its addresses; default: any, on its port."
    )


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    spec = me.spec
    offer = redis.Offer(
        host=spec.host, port=spec.port, tls=spec.tls, user=spec.user, cidrs=spec.cidrs
    )
    return {KEYS: offer}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Resource]:
    return iter(())
