"""The gateway, where requests from outside the cluster enter and are routed by their host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Literal

from msgspec import Struct

from compiler import model
from compiler.model import Effect, FieldChange, Hop, Ingress, Manifest, OperatorPods, Resource, Risk

# Features of routes that not every kind of gateway has.
Feature = Literal["hidden", "serverless", "split"]
FEATURES: Mapping[Feature, str] = {
    "hidden": "a route that hides the paths which answer without a login",
    "serverless": "routes to models that scale to zero",
    "split": "a route to several versions of a model",
}
# Help where a gateway lacks the feature.
REMEDIES: Mapping[Feature, str] = {
    "hidden": "write `expose: false` here, or bind it to a `gateway-api`, an `istio-gateway`, or an `ingress` "
    "of Traefik or nginx",
    "serverless": "add `istio-gateway: {}` under `spec.components` and write `bind: {gateway: "
    "istio-gateway}` here, or serve models by `kserve: {mode: standard}`",
    "split": "remove `canary`, or bind `seldon` to an `istio-gateway` or a `gateway-api`",
}


class Claim(model.Claim, frozen=True, kw_only=True):
    """Claims a host name on the gateway."""

    needs: frozenset[Feature] = frozenset()
    has_host: bool = True  # false for a serving system: its models have the hosts
    splits_canaries: bool = False  # whether the gateway is to split the requests for a canary


class Offer(model.Offer, frozen=True, kw_only=True):
    """The pods that requests pass, and the features of their routes."""

    account: str | None  # the ServiceAccount of the pods; None if they are in no mesh
    scheme: Literal["http", "https"]  # the scheme of requests from outside
    carries: frozenset[Feature] = frozenset()
    namespace: str | None = None  # the pods' namespace, if it is not the instance's


class Backend(Struct, frozen=True):
    """A Service that answers requests, and its percentage of them."""

    service: str
    namespace: str
    port: int
    percent: int = 100


class Route(Struct, frozen=True, kw_only=True):
    """A host, and the Services behind it, which are in one namespace."""

    name: str
    namespace: str  # the namespace of the instance with the host
    host: str
    backends: tuple[Backend, ...]
    authority: str | None = None  # the Host header that the Services see instead of the host
    private: tuple[str, ...] = ()  # paths for which, and below which, there is nothing
    # The first parts of all paths that clients ask for, for a gateway that cannot hide private paths; None if
    # there are others.
    resources: tuple[str, ...] | None = None
    # The seconds that an answer may take; None: as long as it does, such as a page that makes a file.
    timeout: int | None = None
    step: int = 0


class Endpoint(model.Endpoint[Claim, Offer], frozen=True, kw_only=True):
    """The gateway, from which a host can be routed to Services. Each kind has a subclass."""

    interface: ClassVar[str] = "gateway"
    for_clients: ClassVar[bool] = False
    one_per_pod: ClassVar[bool] = True

    @classmethod
    def entailed_claim(cls, consumer: model.Instance[Any], provider_claim: model.Claim) -> Claim:
        """The features that one model needs of the gateway."""
        assert isinstance(provider_claim, Claim)
        split = provider_claim.splits_canaries and getattr(consumer.spec, "canary", None)
        return Claim(needs=frozenset({"split"}) if split else frozenset(), shared=True)

    @property
    def namespace(self) -> str:
        """The namespace of the gateway's pods."""
        return self.offer.namespace or self.binding.provider.namespace

    def calls(self, server: str | OperatorPods, *ports: int) -> Ingress:
        """Requests from the gateway's pods to these pods of an instance."""
        return Ingress(
            "gateway",
            self.namespace,
            server,
            ports,
            pods=self.offer.pods or {},
            account=self.offer.account,
            meshed=self.offer.account is not None,
        )

    def hop(self, port: int) -> Hop:
        """Requests from inside the cluster that pass the gateway's pods."""
        return Hop(self.namespace, self.offer.pods or {}, (port,))

    def local(self, name: str) -> str:
        """The address of a Service in the gateway's namespace."""
        return self.binding.provider.host(name)

    def route(self, route: Route) -> Iterator[Resource]:
        """The objects by which a host leads to Services."""
        raise NotImplementedError


def host_effects(path: str) -> tuple[Effect, ...]:
    """The effects of changes of a route, with its hosts at this path of its fields."""
    return (
        Effect(path, Risk.DOWNTIME,
               "the old address is answered no more: people and clients need the new one",
               when=_loses_host),
        Effect("spec(/.*)?", Risk.RELOAD, "the gateway takes it over at once"),
    )  # fmt: skip


def _loses_host(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    """Whether a host name gets no answer any more."""
    return not set(change.before or ()) <= set(change.after or ())


def users(bindings: Iterable[model.Binding[Claim, Offer]]) -> list[model.Instance[Any]]:
    """The instances that have hosts on the gateway."""
    return [binding.consumer for binding in bindings if binding.claim.has_host]


# The requirement of components that have a host on the gateway.
ROUTE = model.Requires("gateway", Endpoint)


def offers(offers: Mapping[str, model.Offers]) -> list[Offer]:
    """The gateways among the offers of all instances."""
    return [
        offer for slots in offers.values() for offer in slots.values() if isinstance(offer, Offer)
    ]


def routed(graph: model.Graph) -> set[str]:
    """The instances with a route at a gateway; without a gateway, no host answers."""
    return {binding.consumer.name for binding in graph.bindings if binding.requires == ROUTE}
