"""The language of `ca`: the certificates of an authority as text, in a file, or in an object."""

from typing import Annotated

from pydantic import Field

from compiler.spec.constraints import Exact, InvalidValue
from compiler.spec.pem import CertificateFile, CertificatesAsText
from compiler.spec.section import Forms, Section
from compiler.spec.types import SecretName

DataKey = Annotated[str, Exact(r"[-._a-zA-Z0-9]+")]


class AuthoritySource(Section):
    """A file next to the spec with the certificates, or an object in every namespace with clients."""

    file: CertificateFile | None = Field(
        default=None, description="A file in the folder of the spec, like `certs/acme.pem`."
    )
    config_map: SecretName | None = Field(default=None, description="A ConfigMap.")
    secret: SecretName | None = Field(default=None, description="A Secret.")
    key: DataKey | None = Field(
        default=None, description="The object's key of the certificates; default `ca.crt`."
    )

    def check(self) -> None:
        sources = [self.file, self.config_map, self.secret]
        if len([source for source in sources if source is not None]) != 1:
            message = "certificates are in one place: a file, a ConfigMap or a Secret"
            help = "write `file: certs/acme.pem`, `configMap: NAME` or `secret: NAME`"
            raise InvalidValue("invalid-value", message, help)
        if self.file is not None and self.key is not None:
            message = "`key` is one of an object, and the certificates are in a file"
            raise InvalidValue("invalid-value", message, "remove `key`", at="key")


class AuthorityFile(Section):
    """A file next to the spec with the certificates."""

    file: CertificateFile = Field(
        description="A file in the folder of the spec, like `certs/acme.pem`."
    )


CertificatesOrFile = Forms[CertificatesAsText, AuthorityFile]
AuthorityForms = Forms[CertificatesAsText, AuthoritySource]
