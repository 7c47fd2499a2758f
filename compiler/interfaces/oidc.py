"""OpenID Connect: an issuer of identities outside the platform, and the platform as its client."""

from __future__ import annotations

from typing import Any, ClassVar

from compiler import model
from compiler.model import Credential, Random

CLIENT_KEY = "client-secret"
# The pods of oauth2-proxy, which asks for identities of the issuer.
ROLE, PORT = "server", 4180


class Claim(model.Claim, frozen=True, kw_only=True):
    """Claims to send people to the issuer for a login, or to ask it for the keys of its tokens."""


class Offer(model.Offer, frozen=True, kw_only=True):
    """An issuer."""

    issuer: str
    scheme: str = "https"


class LoginOffer(Offer, frozen=True, kw_only=True):
    """An issuer, and the client that is registered there."""

    client: str
    secret_exists: bool  # whether the user keeps the client's secret in a Secret of their own


class TokensEndpoint(model.Endpoint[Claim, Offer], frozen=True, kw_only=True):
    """The issuer of programs' tokens, which publishes its keys."""

    interface: ClassVar[str] = "tokens"
    for_clients: ClassVar[bool] = False


class Endpoint(model.Endpoint[Claim, LoginOffer], frozen=True, kw_only=True):
    """The issuer of people's logins, and the secret of the client, which all its users share."""

    interface: ClassVar[str] = "oidc"
    for_clients: ClassVar[bool] = False

    @classmethod
    def credential(cls, binding: model.Binding[Any, Any]) -> Credential | None:
        existing = binding.offer.secret_exists
        return Credential(
            binding.secret,
            {CLIENT_KEY: "" if existing else Random.SECRET_KEY},
            (binding.consumer.namespace,),
            (binding.consumer.name,),
            f"the secret of the client `{binding.offer.client}`",
            created_by="you" if existing else "",
        )
