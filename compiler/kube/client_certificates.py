"""Mount the client certificates of a consumer as files in its pods.

A key is readable only for its group. libpq refuses a key that others may read, but takes a key of root
that the group may read (PostgreSQL 17, fe-secure-openssl.c). The kubelet gives the files of a Secret to
root, with the pod's `fsGroup` as their group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from compiler.kube.volumes import Volume
from compiler.model.binding import Binding
from compiler.model.client_certificate import FOLDER, KEYS, CertificateFiles
from compiler.model.credential import Credential
from compiler.model.manifest import Manifest

NAME = "client-certificates"
MODE = 0o440


def of(bindings: Iterable[Binding]) -> dict[str, str]:
    """The Secrets with the certificates for some providers, by provider."""
    return {
        binding.provider.name: binding.client_certificate
        for binding in bindings
        if binding.client_certificate is not None
    }


def volume(secrets: Mapping[str, str]) -> Volume:
    """The volume with the files of some Secrets, which are given by provider."""
    sources = [_projected(provider, name) for provider, name in sorted(secrets.items())]
    return Volume(
        NAME, {"projected": {"defaultMode": MODE, "sources": sources}}, FOLDER, read_only=True
    )


def _projected(provider: str, secret: str) -> Manifest:
    files = CertificateFiles(provider)
    paths = (files.certificate, files.key)
    items = [
        {"key": key, "path": path.rpartition("/")[2]} for key, path in zip(KEYS, paths, strict=True)
    ]
    return {"secret": {"items": items, "name": secret}}


def existing(bindings: Iterable[Binding]) -> Iterator[Credential]:
    """The user's Secrets with the client certificates of some bindings."""
    for binding in bindings:
        if binding.client_certificate is not None:
            consumer = binding.consumer
            yield Credential(
                binding.client_certificate, dict.fromkeys(KEYS, ""), (consumer.namespace,),
                (consumer.name,), f"a client certificate for {binding.host}", "kubernetes.io/tls",
                created_by="you",
            )  # fmt: skip
