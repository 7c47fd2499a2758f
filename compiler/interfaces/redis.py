"""The Redis protocol (RESP): a store of keys in memory, with a user of its own for each client.

Users are of Redis 6 and later, and of Valkey. A client always says its user's name: a password
alone would be for the user `default`, which the platform's own servers turn off.
"""

from __future__ import annotations

from typing import Any, ClassVar

from compiler import model
from compiler.model import Env, Random, SecretRef


class Claim(model.Claim, frozen=True, kw_only=True):
    """Keys that the client may touch, as Redis' own patterns; all of them by default."""

    shared: bool = True  # users divide a server, not the claims on it
    keys: tuple[str, ...] = ("*",)


class Offer(model.Offer, frozen=True, kw_only=True):
    """A server. One that is somebody else's has one user for all clients."""

    user: str | None = None  # None: each binding has its own
    tls: bool = False
    readers: str | None = None  # the Service of the read replicas, where there are any


class Endpoint(model.Endpoint, frozen=True, kw_only=True):
    """Where the server is, as whom to log in, and which Secret holds the password."""

    interface: ClassVar[str] = "redis"
    one_per_pod: ClassVar[bool] = True

    @classmethod
    def client_claim(cls, consumer: model.Instance[Any]) -> Claim:
        return Claim()

    @classmethod
    def credential(cls, binding: model.Binding) -> model.Credential:
        return model.Credential(
            binding.secret,
            {"password": Random.PASSWORD},
            (binding.consumer.namespace,),
            (binding.consumer.name,),
            "the password is made of letters and digits, a letter first",
        )

    @property
    def user(self) -> str:
        """The user's name, which is no secret."""
        user: str | None = self.binding.offer.user
        return user or self.secret

    @property
    def password(self) -> SecretRef:
        return SecretRef(self.secret, "password")

    @property
    def tls(self) -> bool:
        tls: bool = self.binding.offer.tls
        return tls

    def env(self) -> tuple[Env, ...]:
        """No client reads variables of Redis by itself; these are the names that most use."""
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
        # As Python's client reads it; those of other languages take a file by other means.
        trust = f"?ssl_ca_certs={self.authority}" if self.authority else ""
        return f"{scheme}://$(REDIS_USERNAME):$(REDIS_PASSWORD)@{host}:{self.port}/0{trust}"
