"""The language: the door, by which requests enter the platform from outside the cluster."""

from typing import Annotated, Literal

from pydantic import Field

from compiler.spec.constraints import InvalidValue
from compiler.spec.section import Section
from compiler.spec.types import Name, SecretName


class Issuer(Section):
    """The cert-manager issuer that signs the certificate of the hosts."""

    name: Annotated[Name, Field(description="Its name.")]
    kind: Annotated[Literal["ClusterIssuer", "Issuer"], Field(description="Its kind.")] = (
        "ClusterIssuer"
    )


class Tls(Section):
    """The source of the certificate: an issuer, or an existing Secret."""

    issuer: Annotated[Issuer | None, Field(description="An issuer of cert-manager.")] = None
    secret: Annotated[
        SecretName | None,
        Field(description="A TLS Secret for `*.DOMAIN`, in the namespace of the gateway."),
    ] = None

    def check(self) -> None:
        if (self.issuer is None) == (self.secret is None):
            message = "`tls` takes one of `issuer` and `secret`"
            raise InvalidValue("invalid-value", message, "write `tls: {secret: ml-tls}`")
