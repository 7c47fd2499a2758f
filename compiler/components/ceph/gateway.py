"""The gateway's listener: plain HTTP or TLS, its port, and its certificate.

Facts about Rook 1.20.6 (pkg/operator/ceph/object: spec.go, config.go, rgw.go, s3-handlers.go): pods
listen on 8080 for the Service's `port`, and on `securePort` itself. With `port` alone or both, the
probes ask by plain HTTP; without `port` by HTTPS. `sslCertificateRef` takes a Secret of the type
`kubernetes.io/tls`. The operator calls the gateway at `SERVICE.NAMESPACE.svc`, verifies that name,
and trusts the Secret's `tls.crt`, so it needs no authority. A bucket claim's ConfigMap has
`securePort` as `BUCKET_PORT`, and no scheme.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from compiler import model
from compiler.components.bases import certificate
from compiler.spec.access import Tls
from compiler.spec.constraints import InvalidValue
from compiler.spec.types import SecretName

PLAIN_PORT, PLAIN_TARGET, SECURE_PORT = 80, 8080, 443


class StoreTls(Tls):
    """The source of the gateway's certificate: an issuer, or an existing Secret."""

    secret: SecretName | None = Field(
        default=None,
        description="A TLS Secret for the gateway's Service, in the store's namespace.",
    )


def check(store: str | None, tls: bool | StoreTls | None, ca: object) -> None:
    """Refuse a certificate for an existing store, a new store without one, and unverified TLS."""
    if store is not None and isinstance(tls, StoreTls):
        message = f"the store `{store}` exists, and has its certificate already"
        raise InvalidValue("invalid-value", message, "write `tls: true`", at="tls")
    if store is None and tls is True:
        help = (
            "write `tls: {issuer: {name: ...}}`, with an issuer of cert-manager, or name a TLS Secret "
            "of the store's namespace under `tls`, as `secret`"
        )
        raise InvalidValue("invalid-value", "a new store needs a certificate", help, at="tls")
    if tls and ca is None:
        message = "clients cannot verify the store: no public authority signs names in a cluster"
        help = "add `ca: {file: certs/acme.pem}`, with the authority that signs the store's certificate"
        raise InvalidValue("invalid-value", message, help, at="tls")


def ports(port: int | None, secure: bool) -> tuple[int, int]:
    """The ports of the gateway's Service and of its pods."""
    if secure:
        return (port or SECURE_PORT,) * 2
    return port or PLAIN_PORT, PLAIN_TARGET


def listener(me: model.Instance[Any], port: int, tls: Tls | None) -> model.Manifest:
    """The only listener: with a port for TLS, no port for plain HTTP is open."""
    secret = certificate.secret(tls, _certificate_name(me))
    return {"port": port} if secret is None else {"securePort": port, "sslCertificateRef": secret}


def certificates(
    me: model.Instance[Any], service: str, tls: Tls | None
) -> Iterator[model.Resource | model.Credential]:
    """The certificate for both names of the gateway, the operator's and the clients'."""
    names = (f"{service}.{me.namespace}.svc", me.host(service))
    yield from certificate.certificate(tls, _certificate_name(me), me.namespace, names)
    note = f"a certificate for {names[0]} and {names[1]}"
    if existing := certificate.existing(tls, me.name, me.namespace, note=note):
        yield existing


def _certificate_name(me: model.Instance[Any]) -> str:
    return f"{me.platform}-{me.name}"
