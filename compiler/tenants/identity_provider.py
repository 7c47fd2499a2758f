"""The issuers of `spec.login` and `spec.machines`, which run outside the platform."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from compiler import model
from compiler.interfaces import oidc
from compiler.model.authority import Authority
from compiler.spec.access import OpenIdLogin, ProxySpec
from compiler.spec.component import NamedSpec
from compiler.spec.settings import Settings

PHASE = model.Phase.SERVERS
SECTION = "identity_providers"
NAMES = {"login": "identity-provider", "machines": "token-issuer"}
HTTPS = 443
CREDENTIAL = "login-client"
OIDC = model.Provides("oidc", oidc.Endpoint)
TOKENS = model.Provides("tokens", oidc.TokensEndpoint)


class Spec(NamedSpec):
    """No part of the spec: it follows from `spec.login` or `spec.machines`."""

    issuer: ProxySpec


def instance(
    platform: str, settings: Settings, key: str, issuer: ProxySpec
) -> model.Instance[Spec]:
    return model.Instance(
        NAMES[key], SECTION, NAMES[key], settings.namespace, Spec(issuer=issuer), platform, settings,
        declared=("spec", key),
    )  # fmt: skip


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    issuer = me.spec.issuer
    address = urlsplit(issuer.issuer)
    server: dict[str, Any] = {
        "host": address.hostname,
        "port": address.port or HTTPS,
        "cidrs": issuer.cidrs,
        "ca": Authority(issuer.certificates) if issuer.ca else None,
        "issuer": issuer.issuer,
    }
    if not isinstance(issuer, OpenIdLogin):
        return {TOKENS: oidc.Offer(**server)}
    login = oidc.LoginOffer(
        **server,
        client=issuer.client.id,
        secret=issuer.client.secret or CREDENTIAL,
        secret_exists=issuer.client.secret is not None,
    )
    return {OIDC: login}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    return iter(())
