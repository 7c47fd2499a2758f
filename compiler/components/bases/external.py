"""Services outside the platform: an address, its IP range if known, and its certificate authority."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from compiler import model
from compiler.model import ConfigRef, SecretRef
from compiler.spec.constraints import InvalidValue, exact
from compiler.spec.section import Forms
from compiler.spec.types import Certificates, Cidr, Host, SecretName


def revoke_command(binding: model.Binding) -> str:
    """The operators of the service must revoke the login."""
    return f"have {binding.host} take it away"


class AuthoritySource(model.Section):
    """An object with the certificates, which exists in every namespace with clients."""

    config_map: Annotated[SecretName | None, Field(description="A ConfigMap.")] = None
    secret: Annotated[SecretName | None, Field(description="A Secret.")] = None
    key: Annotated[
        str, Field(pattern=exact(r"[-._a-zA-Z0-9]+"), description="The key of the certificates.")
    ] = "ca.crt"

    def check(self) -> None:
        if (self.config_map is None) == (self.secret is None):
            message = "certificates are in one object, a ConfigMap or a Secret"
            raise InvalidValue(
                "invalid-value", message, "write `configMap: NAME` or `secret: NAME`"
            )

    @property
    def reference(self) -> ConfigRef | SecretRef:
        if self.secret is not None:
            return SecretRef(self.secret, self.key)
        return ConfigRef(str(self.config_map), self.key)


class Spec(model.InstanceSpec):
    """The fields of all external services."""

    host: Annotated[Host, Field(description="Its host name.")]
    cidrs: Annotated[
        model.ListOf[Cidr], Field(description="Its addresses; default: any, on its port.")
    ] = ()
    ca: Annotated[
        Forms[Certificates, AuthoritySource] | None,
        Field(
            description="Your own authority: certificates (PEM), or `{configMap: ..., key: ...}`; "
            "default: a public one."
        ),
    ] = None

    @property
    def encrypted(self) -> bool:
        """Whether clients use TLS."""
        return True

    @property
    def authority(self) -> model.Authority | None:
        """The authority that clients verify it by; None for a public one."""
        if isinstance(self.ca, AuthoritySource):
            return model.Authority(source=self.ca.reference)
        return model.Authority(self.ca) if self.ca is not None else None

    def check(self) -> None:
        if self.ca is not None and not self.encrypted:
            message = "`ca` verifies a server's certificate, which needs TLS"
            raise InvalidValue(
                "invalid-value", message, "delete `ca`, or the key that turns TLS off"
            )
