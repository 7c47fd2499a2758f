"""Who needs what from whom: slots, claims, offers, bindings, and what each instance sees of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from compiler.model.credential import Credential
from compiler.model.document import Path
from compiler.model.metrics import Metrics
from compiler.model.resource import (
    ConfigFiles,
    Egress,
    Env,
    Ingress,
    Made,
    Peering,
    Phase,
    Resource,
)
from compiler.model.spec import InstanceSpec, Settings

S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)
E = TypeVar("E", bound="Endpoint")

# The prefix of the compiler's own labels and annotations.
PREFIX = "platformc.dev"


class Instance(Struct, Generic[S_co], frozen=True):
    """A component, workload or model of one environment, with the platform around it."""

    name: str
    section: str  # components, workloads, models
    type: str
    namespace: str
    spec: S_co
    platform: str
    settings: Settings
    declared: Path | None = None  # of the component that brought it along

    @property
    def path(self) -> Path:
        """Where the spec declares it."""
        return ("spec", self.section, self.name)

    def host(self, service: str | None = None) -> str:
        """The cluster DNS name of one of its Services; by default the one named like itself."""
        domain = self.settings.cluster.domain
        return f"{service or self.name}.{self.namespace}.svc.{domain}"

    @property
    def route(self) -> str:
        """The host under the platform's domain at which people reach it."""
        return f"{self.name}.{self.settings.domain}"


class Claim(Struct, frozen=True, kw_only=True):
    """What a consumer asks of an interface. Each interface has its own."""

    shared: bool = False  # others may claim the same resource
    pooled: bool = True  # a pooler between transactions does no harm
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
    host: str | None = None  # an address outside the platform
    cidrs: tuple[str, ...] = ()  # of that address, where known
    ui: bool = False  # people open it, at the instance's route
    entails: tuple[Requires[Any], ...] = ()  # what the provider requires and its clients do too
    relays: tuple[Requires[Any], ...] = ()  # the same, but its own endpoint tells clients of it
    companions: tuple[Provides[Any], ...] = ()  # other offers of the provider that come with it

    @property
    def external(self) -> bool:
        return self.host is not None


class Endpoint(Struct, frozen=True, kw_only=True):
    """What a consumer learns from a binding. One class for each interface."""

    interface: ClassVar[str] = ""
    one_per_pod: ClassVar[bool] = False  # its variables can have only one value in a pod

    binding: Binding

    @classmethod
    def connect(cls, binding: Binding) -> Self:
        return cls(binding=binding)

    @classmethod
    def client_claim(cls, consumer: Instance[Any]) -> Claim:
        """What a workload asks when it `uses` a provider of this interface."""
        return Claim()

    @classmethod
    def entailed_claim(cls, consumer: Instance[Any], theirs: Claim) -> Claim:
        """What a client asks of an interface that it needs because its provider does."""
        return replace(theirs, shared=True)

    @classmethod
    def credential(cls, binding: Binding) -> Credential | None:
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
        port: int = self.binding.offer.port
        return port

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


class Requires(Struct, Generic[E], frozen=True):
    """A named slot of a consumer, typed by what it learns; the key into `Wiring`."""

    slot: str
    endpoint: type[E]


class Provides(Struct, Generic[E], frozen=True):
    """A named slot of a provider.

    `forwards` makes it a pooler: claims on it are passed on to what its own requirement is bound
    to. `explicit` offers answer only a claim whose instance binds to them by name.
    """

    slot: str
    endpoint: type[E]
    forwards: Requires[E] | None = None
    explicit: bool = False


Claims = Mapping[Requires[Any], Claim]
Offers = Mapping[Provides[Any], Offer]


class Binding(Struct, frozen=True):
    """One resolved edge of the graph."""

    consumer: Instance[Any]
    requires: Requires[Any]
    provider: Instance[Any]
    provides: Provides[Any]
    claim: Any
    offer: Any
    via: Binding | None = None  # the binding that a pooler forwarded to make this one
    upstream: Binding | None = None  # where a pooler forwards this one to
    entailed: tuple[Binding, ...] = ()  # what the provider's clients need besides
    relayed: bool = False  # told of by the endpoint that entails it, not by its own

    @property
    def secret(self) -> str:
        """Whatever the way, a consumer has one credential for one slot."""
        return f"{self.consumer.name}-{self.requires.slot}"

    @property
    def host(self) -> str:
        host: str | None = self.offer.host
        return host or self.provider.host(self.offer.service)

    @property
    def label(self) -> str:
        """The label of pods that use this offer."""
        return f"uses.{PREFIX}/{self.provider.name}-{self.provides.slot}"

    @property
    def final(self) -> Binding:
        """The binding to the provider that holds the data."""
        return self.upstream.final if self.upstream else self

    def endpoint(self) -> Endpoint:
        return cast(Endpoint, self.provides.endpoint.connect(self))


class Wiring(Struct, frozen=True):
    """What one instance sees of the graph: what it got, and the claims made on it."""

    got: Mapping[str, Binding]
    made: Mapping[str, tuple[Binding, ...]]
    around: Mapping[str, tuple[Binding, ...]]

    def __getitem__(self, requires: Requires[E]) -> E:
        return cast(E, self.got[requires.slot].endpoint())

    def get(self, requires: Requires[E]) -> E | None:
        return self[requires] if requires.slot in self.got else None

    def claims(self, provides: Provides[Any]) -> tuple[Binding, ...]:
        """Claims on one of the instance's offers, forwarded ones included, in a fixed order."""
        return self.made.get(provides.slot, ())

    def beside(self, requires: Requires[Any]) -> tuple[Binding, ...]:
        """All claims on the offer that the instance's own requirement is bound to."""
        return self.around.get(requires.slot, ())

    @property
    def named(self) -> tuple[tuple[str, Endpoint], ...]:
        """What the instance got, by the names of its slots."""
        return tuple((slot, self.got[slot].endpoint()) for slot in sorted(self.got))

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        return tuple(endpoint for _, endpoint in self.named)


class Graph(Struct, frozen=True, dict=True):
    """All instances and bindings of one environment."""

    instances: Mapping[str, Instance[Any]]
    bindings: tuple[Binding, ...]
    offers: Mapping[str, Offers]

    def wiring(self, name: str) -> Wiring:
        """One instance's view of the graph."""
        got, made = self.got.get(name, {}), self._made
        around = {slot: made[b.provider.name][b.provides.slot] for slot, b in got.items()}
        return Wiring(got, made.get(name, {}), around)

    @cached_property
    def got(self) -> Mapping[str, Mapping[str, Binding]]:
        """What each instance is bound to, by its slots."""
        found: dict[str, dict[str, Binding]] = {}
        for binding in self.bindings:
            if binding.via is None:
                found.setdefault(binding.consumer.name, {})[binding.requires.slot] = binding
        return found

    @cached_property
    def _made(self) -> Mapping[str, Mapping[str, tuple[Binding, ...]]]:
        """The claims on each instance, by its slots."""
        found: dict[str, dict[str, list[Binding]]] = {}
        for binding in self.bindings:
            slots = found.setdefault(binding.provider.name, {})
            slots.setdefault(binding.provides.slot, []).append(binding)
        return {
            name: {slot: tuple(all) for slot, all in slots.items()} for name, slots in found.items()
        }


Piece = Resource | ConfigFiles | Peering | Egress | Ingress | Made | Credential | Metrics


class Component(Protocol):
    """What a component's module has: four names, and its phase in the order of delivery."""

    @property
    def PHASE(self) -> Phase: ...
    @property
    def Spec(self) -> type[InstanceSpec]: ...
    @property
    def claims(self) -> Callable[[Any], Claims]: ...
    @property
    def offers(self) -> Callable[[Any], Offers]: ...
    @property
    def lower(self) -> Callable[[Any, Wiring], Iterable[Piece]]: ...
