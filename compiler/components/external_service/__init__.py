"""A service outside the platform: a package index, a git server, a company's API.

It offers an address and has no objects. Workloads, models and steps of pipelines that use it get its
URL, and a network policy that lets them out to it.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from compiler import model
from compiler.components.bases import external
from compiler.interfaces import external_service
from compiler.spec.constraints import Exact
from compiler.spec.types import Port

PHASE = model.Phase.STORES
SERVICE = model.Provides("service", external_service.Endpoint)

binding_problems = external.binding_problems


class Spec(external.Spec):
    """An existing service, by its address."""

    port: Port | None = Field(default=None, description="Its port; default 443, or 80 without TLS.")
    tls: bool = Field(default=True, description="Whether it uses TLS.")
    scheme: Annotated[str, Exact(r"[a-z][a-z0-9+.-]*")] | None = Field(
        default=None,
        description="The scheme of its URL, like `ssh`; default `https`, or `http` without TLS.",
    )
    path: Annotated[str, Exact(r"(/[A-Za-z0-9._~%!$&'*+,;=:@/-]*)?")] = Field(
        default="",
        description="The path of its URL, like `/simple`.",
    )

    @property
    def encrypted(self) -> bool:
        return self.tls


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    spec = me.spec
    scheme = "https" if spec.tls else "http"
    return {
        SERVICE: external_service.Offer(
            host=spec.host,
            port=spec.port or external_service.DEFAULT_PORTS[scheme],
            scheme=spec.scheme or scheme,
            path=spec.path,
            cidrs=spec.cidrs,
            ca=spec.authority,
            logins=spec.logins,
        )
    }


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Resource]:
    return iter(())
