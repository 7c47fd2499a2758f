"""The Redis protocol (RESP): an in-memory store of keys, with a separate user for each client.

Redis 6 and later and Valkey have users. A client always sends its user name: with a password alone
it would log in as the user `default`, which the platform's servers disable.
"""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec.structs import replace

from compiler import model
from compiler.model import Env, Random, SecretRef


class Claim(model.Claim, frozen=True, kw_only=True):
    """The keys that the client may use, as Redis patterns; all keys by default."""

    shared: bool = True  # several clients may claim the same server: users separate them
    keys: tuple[str, ...] = ("*",)
    lasting: str = ""  # if its keys have no time to live: the field that would give them one


class Offer(model.Offer, frozen=True, kw_only=True):
    """A server. A server outside the platform has one user for all clients."""

    user: str | None = None  # None: each binding has a separate user
    tls: bool = False
    readers: str | None = None  # the Service of the read replicas, if any


Binding = model.Binding[Claim, Offer]


class Endpoint(model.Endpoint[Claim, Offer], frozen=True, kw_only=True):
    """The address of the server, the user name, and the Secret with the password."""

    interface: ClassVar[str] = "redis"
    one_per_pod: ClassVar[bool] = True

    @classmethod
    def client_claim(cls, consumer: model.Instance[Any]) -> Claim:
        return Claim()

    @classmethod
    def entailed_claim(cls, consumer: model.Instance[Any], provider_claim: Any) -> Claim:
        """A client through a provider writes the provider's keys, whose claim counts already."""
        claim: Claim = replace(provider_claim, shared=True, lasting="")
        return claim

    @classmethod
    def credential(cls, binding: Binding) -> model.Credential:
        existing = binding.existing_credential("password")
        return existing or model.Credential(
            binding.secret,
            {"password": Random.PASSWORD},
            (binding.consumer.namespace,),
            (binding.consumer.name,),
            "the password is made of letters and digits, a letter first",
        )

    @property
    def user(self) -> str:
        """The user's name, which is not secret."""
        user: str | None = self.binding.offer.user
        return user or self.secret

    @property
    def password(self) -> SecretRef:
        return self.secret_key("password")

    @property
    def tls(self) -> bool:
        tls: bool = self.binding.offer.tls
        return tls

    def env(self) -> tuple[Env, ...]:
        """Common variable names: Redis clients define no standard ones."""
        return (
            Env("REDIS_HOST", self.host),
            Env("REDIS_PORT", str(self.port)),
            Env("REDIS_USERNAME", self.user),
            Env("REDIS_PASSWORD", self.password),
            Env("REDIS_URL", self._url(self.host)),
            *self._readers(),
        )

    def _readers(self) -> tuple[Env, ...]:
        service: str | None = self.binding.offer.readers
        if service is None:
            return ()
        return (Env("REDIS_READ_URL", self._url(self.binding.provider.host(service))),)

    def _url(self, host: str) -> str:
        scheme = "rediss" if self.tls else "redis"
        # The parameter of Python's client; clients in other languages configure the file differently.
        trust = f"?ssl_ca_certs={self.authority}" if self.authority else ""
        return f"{scheme}://$(REDIS_USERNAME):$(REDIS_PASSWORD)@{host}:{self.port}/0{trust}"
