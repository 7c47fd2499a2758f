"""The gateway of a service mesh: requests from outside enter there, and pods join its mesh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from compiler import model
from compiler.interfaces.mesh import VIRTUAL_SERVICE
from compiler.model import Hop, Ingress, OperatorPods, Resource

# A native sidecar (Kubernetes 1.29 and later): it starts before all containers, and ends with the pod.
NATIVE = {"sidecar.istio.io/nativeSidecar": "true"}


class Claim(model.Claim, frozen=True, kw_only=True):
    """Claims a host name on the gateway."""


class Offer(model.Offer, frozen=True, kw_only=True):
    """A Gateway object, the pods behind it, and the kind of mesh."""

    gateway: str  # the object, as namespace and name
    account: str  # the ServiceAccount of its pods
    dataplane: Literal["sidecar", "ambient"]
    joins: Mapping[str, str]  # the labels by which a namespace joins the mesh
    scheme: Literal["http", "https"]  # what clients outside speak to it
    strict: bool  # whether pods accept nothing but mutual TLS


class Endpoint(model.Endpoint[Claim, Offer], frozen=True, kw_only=True):
    """The gateway, from which a host can be routed to Services."""

    interface: ClassVar[str] = "gateway"
    for_clients: ClassVar[bool] = False
    one_per_pod: ClassVar[bool] = True

    @property
    def offer(self) -> Offer:
        offer: Offer = self.binding.offer
        return offer

    def calls(self, server: str | OperatorPods, *ports: int) -> Ingress:
        """Requests from the gateway's pods to these pods of an instance."""
        return Ingress(
            "gateway",
            self.binding.provider.namespace,
            server,
            ports,
            pods=self.offer.pods or {},
            account=self.offer.account,
            meshed=True,
        )

    def hop(self, port: int) -> Hop:
        """Requests from inside the cluster that pass the gateway's pods."""
        return Hop(self.binding.provider.namespace, self.offer.pods or {}, (port,))

    def joined(self, namespace: str) -> model.Manifest:
        """The Namespace of an upstream system, in the mesh: pods in strict mode refuse clients
        outside it.
        """
        return {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": namespace, "labels": dict(self.offer.joins)},
        }

    def local(self, name: str) -> str:
        """The address of a Service in the gateway's namespace."""
        return self.binding.provider.host(name)

    def route(
        self, name: str, namespace: str, host: str, to: Mapping[str, int], port: int, *,
        authority: str | None = None, private: Sequence[str] = (), step: int = 0,
    ) -> Resource:  # fmt: skip
        """A VirtualService from a host to Services, each with its percentage of the requests.

        `authority` replaces the Host header that the Services see; below `private` prefixes the
        gateway answers that there is nothing.
        """
        routes: list[model.Manifest] = []
        for service, percent in to.items():
            destination: model.Manifest = {
                "destination": {"host": service, "port": {"number": port}}
            }
            routes.append({**destination, "weight": percent} if len(to) > 1 else destination)
        hidden: list[model.Manifest] = [
            {
                "match": [{"uri": {"prefix": prefix}} for prefix in private],
                "directResponse": {"status": 404},
            }
        ]
        rule: model.Manifest = {"rewrite": {"authority": authority}} if authority else {}
        spec = {
            "gateways": [self.offer.gateway],
            "hosts": [host],
            "http": [*(hidden if private else ()), {**rule, "route": routes}],
        }
        return Resource.of(VIRTUAL_SERVICE, {"name": name, "namespace": namespace}, spec, step)


# The requirement of components that have a host on the gateway.
ROUTE = model.Requires("gateway", Endpoint)
