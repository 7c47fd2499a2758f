"""Define the fields of services outside that may demand a certificate of their clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from compiler import model
from compiler.components.bases import external
from compiler.model.client_certificate import ClientCertificates
from compiler.spec.constraints import InvalidValue
from compiler.spec.types import SecretName


class ConsumerCertificate(model.Section):
    """A kubernetes.io/tls Secret that exists in the consumer's namespace."""

    secret: SecretName = Field(description="Its name.")


class CertificateSecrets(model.Section):
    """Client certificates that exist already: one for all consumers, or one for each that is named."""

    secret: SecretName | None = Field(
        default=None, description="A kubernetes.io/tls Secret in each namespace with consumers."
    )
    consumers: dict[str, ConsumerCertificate] = Field(
        default={}, description="The certificates of single consumers, by their names."
    )

    def check(self) -> None:
        if self.secret is None and not self.consumers:
            raise InvalidValue(
                "invalid-value",
                "`clientCertificate` names no Secret",
                "add `secret:` with the name of a kubernetes.io/tls Secret",
            )


class Spec(external.Outside):
    """The field of services whose clients can show a certificate."""

    client_certificate: CertificateSecrets | None = Field(
        default=None,
        description="The certificate that clients show, from a kubernetes.io/tls Secret "
        "(`tls.crt`, `tls.key`) of yours: `{secret: NAME}`.",
    )

    @property
    def client_certificates(self) -> ClientCertificates | None:
        if self.client_certificate is None:
            return None
        by_consumer = {
            name: section.secret for name, section in self.client_certificate.consumers.items()
        }
        return ClientCertificates(self.client_certificate.secret, by_consumer)

    @property
    def named_consumers(self) -> Mapping[str, tuple[str, ...]]:
        certificates = self.client_certificate
        named = {"clientCertificate": tuple(certificates.consumers)} if certificates else {}
        return {**super().named_consumers, **named}

    def check(self) -> None:
        super().check()
        if self.client_certificate is not None and not self.encrypted:
            raise InvalidValue(
                "invalid-value",
                "`clientCertificate` is shown over TLS, which is turned off",
                "delete `clientCertificate`, or the key that turns TLS off",
                at="clientCertificate",
            )


def binding_problems(me: model.Instance[Any], wiring: model.Wiring) -> Iterator[model.Problem]:
    """The problems of named consumers without a binding, and of consumers behind a pooler."""
    yield from external.binding_problems(me, wiring)
    certificates: ClientCertificates | None = me.spec.client_certificates
    bindings = (binding for claims in wiring.claimed.values() for binding in claims)
    for binding in bindings:
        if certificates is None or binding.via is None:
            continue
        consumer, pooler = binding.consumer.name, binding.via.provider.name
        if consumer in certificates.consumers and certificates.of(pooler) is None:
            yield model.Problem(
                "no-client-certificate",
                f"`{consumer}` reaches `{me.name}` through `{pooler}`, which shows no certificate",
                ("clientCertificate", "consumers", consumer),
                f"name a Secret for `{pooler}` in `consumers` too, or one for all next to `consumers`",
            )
