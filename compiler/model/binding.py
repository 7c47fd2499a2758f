"""Who needs what from whom: slots, claims on them, offers, and the bindings where these meet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, Self

from msgspec import Struct
from msgspec.structs import replace
from typing_extensions import TypeVar

from compiler.model.credential import Credential
from compiler.model.instance import PREFIX, Instance
from compiler.model.resource import Env, Hop

# Without arguments, `Binding` and `Endpoint` are of any claim and offer.
C_co = TypeVar("C_co", bound="Claim", default="Claim", covariant=True)
O_co = TypeVar("O_co", bound="Offer", default="Offer", covariant=True)
E_co = TypeVar("E_co", bound="Endpoint", covariant=True)


AUTHORITIES = "/etc/platformc-ca"


def authority(provider: str) -> str:
    """Where pods find the certificates of who vouches for a provider."""
    return f"{AUTHORITIES}/{provider}.crt"


class Claim(Struct, frozen=True, kw_only=True):
    """What a consumer asks of an interface. Each interface has its own."""

    shared: bool = False  # others may claim the same resource
    pooled: bool = True  # a pooler between transactions does no harm
    provider: str | None = None  # the instance that is to answer, unless `bind` names another
    optional: bool = False  # nothing is amiss where nobody provides it
    outside: bool = False  # it is reached from outside the cluster too, at the provider's route

    @property
    def resources(self) -> tuple[str, ...]:
        """Names that the claim takes for itself at the provider: a database, buckets."""
        return ()

    def merged(self, other: Self) -> Self | None:
        """One claim for both, where one connection can serve them."""
        return self if self == other else None


class Offer(Struct, frozen=True, kw_only=True):
    """What a provider has. Each interface may have its own."""

    port: int = 0  # of the Service; 0 where nothing listens, and what is offered is configuration
    target: int | None = None  # of the pod, where it differs
    service: str | None = None  # the Service's name, where it is not the instance's
    role: str = "server"  # which of the instance's pods answer
    pods: Mapping[str, str] | None = None  # their labels, where an operator makes them
    hops: tuple[Hop, ...] = ()  # that requests may pass on their way to those pods
    host: str | None = None  # an address outside the platform
    cidrs: tuple[str, ...] = ()  # of that address, where known
    ca: str | None = None  # certificates of who vouches for it, where no public authority does
    ui: bool = False  # people open it, at the instance's route
    own_login: bool = False  # it asks everybody who they are, also at that route
    private: tuple[str, ...] = ()  # prefixes of paths that are not for callers outside the cluster
    # Requirements of the provider that its clients have, too.
    requires_of_clients: tuple[Requires[Any], ...] = ()
    # The same, where the provider's own endpoint tells its clients of them.
    forwards_to_clients: tuple[Requires[Any], ...] = ()
    also_offers: tuple[Provides[Any], ...] = ()  # other offers that a client gets with this one

    @property
    def external(self) -> bool:
        return self.host is not None


class Endpoint(Struct, Generic[C_co, O_co], frozen=True, kw_only=True):
    """What a consumer learns from a binding. One class for each interface."""

    interface: ClassVar[str] = ""
    one_per_pod: ClassVar[bool] = False  # its variables can have only one value in a pod
    for_clients: ClassVar[bool] = True  # `uses` may name it: a client learns something from it
    way_out: ClassVar[str] = ""  # what else helps a pod that would need two sets of them
    synonyms: ClassVar[tuple[str, ...]] = ()  # what some clients read in place of its variables

    binding: Binding[C_co, O_co]

    @classmethod
    def connect(cls, binding: Binding[Any, Any]) -> Self:
        return cls(binding=binding)

    @property
    def authority(self) -> str | None:
        """The file by which a pod verifies the server, where the platform brings one."""
        return authority(self.binding.provider.name) if self.binding.offer.ca else None

    @classmethod
    def client_claim(cls, consumer: Instance[Any]) -> Claim:
        """What a workload asks when it `uses` a provider of this interface."""
        return Claim()

    @classmethod
    def entailed_claim(cls, consumer: Instance[Any], provider_claim: Claim) -> Claim:
        """What a client asks of an interface that it needs because its provider does."""
        return replace(provider_claim, shared=True)

    @classmethod
    def credential(cls, binding: Binding[Any, Any]) -> Credential | None:
        """The credential that the binding needs, if any."""
        return None

    @classmethod
    def forwarded(cls, offer: Offer, pooler: Instance[Any], upstream: Offer) -> Offer:
        """What a pooler offers in front of a provider, where that one has poolers of its own."""
        return offer

    @property
    def host(self) -> str:
        return self.binding.host

    @property
    def port(self) -> int:
        return self.binding.offer.port

    @property
    def secret(self) -> str:
        """The Secret with the consumer's credential."""
        return self.binding.secret

    def credentials(self, *namespaces: str) -> tuple[Credential, ...]:
        """Its credential, for namespaces where text names it and no object does."""
        credential = self.binding.provides.endpoint.credential(self.binding)
        return (replace(credential, namespaces=namespaces),) if credential else ()

    def env(self) -> tuple[Env, ...]:
        """The client environment: what a program needs to find and use the provider."""
        return ()

    def files(self) -> Mapping[str, str]:
        """Files of the client environment: absolute path to text, without a secret."""
        return {}


class Requires(Struct, Generic[E_co], frozen=True):
    """A named slot of a consumer, typed by what it learns; the key into `Wiring`."""

    slot: str
    endpoint: type[E_co]


class Provides(Struct, Generic[E_co], frozen=True):
    """A named slot of a provider.

    `forwards` makes it a pooler: claims on it are passed on to what its own requirement is bound
    to. `explicit` offers answer only a claim whose instance binds to them by name.
    """

    slot: str
    endpoint: type[E_co]
    forwards: Requires[E_co] | None = None
    explicit: bool = False


Claims = Mapping[Requires[Any], Claim]
Offers = Mapping[Provides[Any], Offer]


class Binding(Struct, Generic[C_co, O_co], frozen=True):
    """One resolved edge of the graph."""

    consumer: Instance[Any]
    requires: Requires[Any]
    provider: Instance[Any]
    provides: Provides[Any]
    claim: C_co
    offer: O_co
    via: Binding[C_co, O_co] | None = None  # the binding that a pooler forwarded to make this one
    upstream: Binding[C_co, O_co] | None = None  # where a pooler forwards this one to
    entailed: tuple[Binding, ...] = ()  # what the provider's clients need besides
    relayed: bool = False  # told of by the endpoint that entails it, not by its own

    @property
    def secret(self) -> str:
        """Whatever the way, a consumer has one credential for one slot."""
        return f"{self.consumer.name}-{self.requires.slot}"

    @property
    def host(self) -> str:
        return self.offer.host or self.provider.host(self.offer.service)

    @property
    def label(self) -> str:
        """The label of pods that use this offer."""
        return f"uses.{PREFIX}/{self.provider.name}-{self.provides.slot}"

    @property
    def final(self) -> Binding[C_co, O_co]:
        """The binding to the provider that holds the data."""
        return self.upstream.final if self.upstream else self

    def endpoint(self) -> Endpoint:
        endpoint: Endpoint = self.provides.endpoint.connect(self)
        return endpoint
