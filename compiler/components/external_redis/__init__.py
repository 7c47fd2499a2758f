"""A server of the Redis protocol outside the platform.

It offers keys and has no objects; users are created where it runs.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from compiler import model
from compiler.components.bases import external
from compiler.interfaces import redis
from compiler.spec.constraints import exact
from compiler.spec.types import Port

PHASE = model.Phase.DATABASES
KEYS = model.Provides("keys", redis.Endpoint)

binding_problems = external.binding_problems
revoke_command = external.revoke_command


class Spec(external.Spec):
    """An existing Redis server."""

    port: Annotated[Port, Field(description="Its port.")] = 6379
    tls: Annotated[bool, Field(description="Whether clients must use TLS.")] = True
    user: Annotated[
        str,
        Field(
            pattern=exact(r"[A-Za-z0-9_.-]+"),
            description="The user that clients log in as, each with a Secret that holds its password.",
        ),
    ] = "default"

    KEYS: ClassVar[tuple[str, ...]] = ("password",)

    @property
    def encrypted(self) -> bool:
        return self.tls


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    spec = me.spec
    offer = redis.Offer(
        host=spec.host,
        port=spec.port,
        tls=spec.tls,
        user=spec.user,
        cidrs=spec.cidrs,
        ca=spec.authority,
        logins=spec.logins,
    )
    return {KEYS: offer}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Resource]:
    return iter(())
