"""The Redis protocol (RESP): an in-memory store of keys, with a separate user for each client.

Redis 6 and later and Valkey have users. A client always sends its user name: with a password alone
it would log in as the user `default`, which the platform's servers disable.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from msgspec.structs import replace

from compiler import model
from compiler.model import Env, Random, SecretRef

Mode = Literal["single", "sentinel", "cluster"]


class Claim(model.Claim, frozen=True, kw_only=True):
    """The keys that the client may use, as Redis patterns; all keys by default."""

    noun: ClassVar[str] = "keys"

    shared: bool = True  # several clients may claim the same server: users separate them
    keys: tuple[str, ...] = ("*",)
    read_only: bool = False
    # The consumer's own clients that may write as well; None: all of them.
    writers: tuple[str, ...] | None = None
    lasting: str = ""  # the field that would give its keys a time to live; empty if they have one

    @property
    def keeps(self) -> tuple[str, ...]:
        return () if self.read_only else self.keys

    @property
    def opens(self) -> tuple[str, ...]:
        return self.keys


class Offer(model.Offer, frozen=True, kw_only=True):
    """A server. A server outside the platform has one user for all clients."""

    user: str | None = None  # the one user of all clients; None if each binding has a separate user
    tls: bool = False
    # With Sentinel, `port` is the Sentinels' and the server's is a further one.
    mode: Mode = "single"
    primary: str = ""  # the name by which Sentinels know the servers
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
        writers = provider_claim.writers
        claim: Claim = replace(
            provider_claim, shared=True, lasting="", writers=None,
            read_only=writers is not None and consumer.name not in writers,
        )  # fmt: skip
        return claim

    @classmethod
    def credential(cls, binding: Binding) -> model.Credential:
        existing = binding.existing_credential("password")
        if existing is not None:
            note = (
                "the password may hold only letters, digits and `-._~`, because a URI contains it"
            )
            return replace(existing, note=note)
        return model.Credential(
            binding.secret,
            {"password": Random.PASSWORD},
            (binding.consumer.namespace,),
            (binding.consumer.name,),
            value_rule="the password is made of letters and digits, a letter first",
        )

    @property
    def user(self) -> str:
        """The user's name, which is not secret."""
        return self.offer.user or self.secret

    @property
    def password(self) -> SecretRef:
        return self.secret_key("password")

    @property
    def tls(self) -> bool:
        return self.offer.tls

    @property
    def mode(self) -> Mode:
        return self.offer.mode

    @property
    def primary(self) -> str:
        """The name by which Sentinels know the servers."""
        return self.offer.primary

    @property
    def nodes(self) -> tuple[str, ...]:
        """The addresses to ask first: Sentinels, nodes of a cluster, or the server."""
        hosts = self.offer.hosts or (self.host,)
        return tuple(f"{host}:{self.port}" for host in hosts)

    def env(self) -> tuple[Env, ...]:
        """Common variable names: Redis clients define no standard ones.

        With Sentinel there is no `REDIS_HOST` and no URL: a client would send its commands to a Sentinel.
        """
        login = (Env("REDIS_USERNAME", self.user), Env("REDIS_PASSWORD", self.password))
        if self.mode == "sentinel":
            sentinels = ",".join(self.nodes)
            name = Env("REDIS_MASTER_NAME", self.primary)
            return (Env("REDIS_SENTINELS", sentinels), name, *login, *self._encryption())
        nodes = [Env("REDIS_CLUSTER_NODES", ",".join(self.nodes))] if self.mode == "cluster" else []
        return (
            Env("REDIS_HOST", self.host),
            Env("REDIS_PORT", str(self.port)),
            *login,
            Env("REDIS_URL", self._url(self.host)),
            *nodes,
            *self._readers(),
        )

    def _encryption(self) -> tuple[Env, ...]:
        """The settings that a URL would hold, for clients that get none."""
        if not self.tls:
            return ()
        files = self.named_certificates("REDIS_CA", "REDIS_CERT", "REDIS_KEY")
        return (Env("REDIS_TLS", "true"), *(Env(name, path) for name, path in files.items()))

    @property
    def files_of_tls(self) -> dict[str, str]:
        """The certificates with which both sides prove themselves, by redis-py's arguments."""
        return self.named_certificates("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")

    def _readers(self) -> tuple[Env, ...]:
        if self.offer.readers is None:
            return ()
        host = self.binding.provider.host(self.offer.readers)
        return (Env("REDIS_READ_URL", self._url(host)),)

    def _url(self, host: str) -> str:
        scheme = "rediss" if self.tls else "redis"
        # The parameters of Python's client; clients in other languages configure the files differently.
        query = "&".join(f"{name}={path}" for name, path in self.files_of_tls.items())
        address = f"{scheme}://$(REDIS_USERNAME):$(REDIS_PASSWORD)@{host}:{self.port}/0"
        return f"{address}?{query}" if query else address
