"""Services outside the platform: an address, its IP range if known, and its certificate authority."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from compiler import model
from compiler.spec.constraints import InvalidValue
from compiler.spec.types import Certificates, Cidr, Host


def revoke_command(binding: model.Binding) -> str:
    """The operators of the service must revoke the login."""
    return f"have {binding.host} take it away"


class Spec(model.InstanceSpec):
    """The fields of all external services."""

    host: Annotated[Host, Field(description="Its host name.")]
    cidrs: Annotated[
        model.ListOf[Cidr], Field(description="Its addresses; default: any, on its port.")
    ] = ()
    ca: Annotated[
        Certificates | None,
        Field(description="Certificates (PEM) of your own authority; default: a public one's."),
    ] = None

    @property
    def encrypted(self) -> bool:
        """Whether clients use TLS."""
        return True

    def check(self) -> None:
        if self.ca is not None and not self.encrypted:
            message = "`ca` verifies a server's certificate, which needs TLS"
            raise InvalidValue(
                "invalid-value", message, "delete `ca`, or the key that turns TLS off"
            )
