"""The identity provider of `spec.login`, which runs outside the platform."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from compiler import model
from compiler.interfaces import oidc
from compiler.model.authority import Authority
from compiler.spec.component import NamedSpec
from compiler.spec.door import OpenIdLogin
from compiler.spec.settings import Settings

PHASE = model.Phase.SERVERS
SECTION = "identity_providers"
NAME = "identity-provider"
HTTPS = 443
CREDENTIAL = "login-client"
OIDC = model.Provides("oidc", oidc.Endpoint)


class Spec(NamedSpec):
    """No part of the spec: it follows from `spec.login`."""

    login: OpenIdLogin


def instance(platform: str, settings: Settings, login: OpenIdLogin) -> model.Instance[Spec]:
    return model.Instance(
        NAME, SECTION, NAME, settings.namespace, Spec(login=login), platform, settings,
        declared=("spec", "login"),
    )  # fmt: skip


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    login = me.spec.login
    address = urlsplit(login.issuer)
    offer = oidc.Offer(
        host=address.hostname,
        port=address.port or HTTPS,
        cidrs=login.cidrs,
        ca=Authority(login.ca) if login.ca else None,
        issuer=login.issuer,
        client=login.client.id,
        secret=login.client.secret or CREDENTIAL,
        kept=login.client.secret is not None,
    )
    return {OIDC: offer}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    return iter(())
