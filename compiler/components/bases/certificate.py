"""Provide the certificate of hosts: the user's Secret, or one that cert-manager keeps up to date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compiler import model
from compiler.interfaces import cert_manager
from compiler.spec.access import Tls

# The pods of an ACME challenge by HTTP-01 are in the Certificate's namespace (cert-manager 1.21,
# pkg/apis/acme/v1/types.go and pkg/issuer/acme/http). Other issuers start none.
SOLVERS = model.Solvers({"acme.cert-manager.io/http01-solver": "true"}, 8089)
CERTIFICATE = model.CustomResource(api="cert-manager.io/v1", kind="Certificate", solvers=SOLVERS)


def secret(tls: Tls | None, name: str) -> str | None:
    """The Secret with the certificate; `name` is for one that cert-manager keeps."""
    return (tls.secret or f"{name}-tls") if tls else None


def certificate(
    tls: Tls | None, name: str, namespace: str, hosts: Sequence[str], step: int = 0
) -> Iterator[model.Resource]:
    """The certificate of these hosts, if an issuer of cert-manager signs it."""
    if tls is None or tls.issuer is None:
        return
    issuer = tls.issuer
    spec = {
        "dnsNames": list(hosts),
        "issuerRef": {"group": "cert-manager.io", "kind": issuer.kind, "name": issuer.name},
        "privateKey": {"algorithm": "ECDSA", "rotationPolicy": "Always", "size": 256},
        "secretName": secret(tls, name),
        "usages": ["digital signature", "server auth"],
    }
    yield model.Resource.of(CERTIFICATE, {"name": name, "namespace": namespace}, spec, step)


def existing(
    tls: Tls | None, reader: str, *namespaces: str, note: str = "a certificate for the hosts"
) -> model.Credential | None:
    """The user's Secret, if there is one, as a credential of its reader."""
    if tls is None or tls.secret is None:
        return None
    return model.Credential(
        tls.secret, {"tls.crt": "", "tls.key": ""}, namespaces, (reader,),
        note, "kubernetes.io/tls", created_by="you",
    )  # fmt: skip


def signers(tls: Tls | None) -> tuple[str, ...]:
    """The system that signs the certificate, as a prerequisite."""
    if tls is None or tls.issuer is None:
        return ()
    return (f"{cert_manager.NAME} with the {tls.issuer.kind} `{tls.issuer.name}`",)
