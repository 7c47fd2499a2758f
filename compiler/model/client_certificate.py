"""The certificates by which clients prove themselves to a server outside the platform."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

FOLDER = "/etc/platformc-client"
KEYS = ("tls.crt", "tls.key")  # the keys of a Secret of the type kubernetes.io/tls


class ClientCertificates(Struct, frozen=True):
    """Secrets that exist in the clients' namespaces: one for all of them, or by consumer."""

    shared: str | None = None
    consumers: Mapping[str, str] = field(default_factory=dict)

    def of(self, consumer: str) -> str | None:
        return self.consumers.get(consumer, self.shared)


class CertificateFiles(Struct, frozen=True):
    """The paths of a certificate and its key, in pods that show it to a provider."""

    provider: str

    @property
    def certificate(self) -> str:
        return f"{FOLDER}/{self.provider}.crt"

    @property
    def key(self) -> str:
        return f"{FOLDER}/{self.provider}.key"
