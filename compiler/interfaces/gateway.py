"""The gateway of a mesh: where requests from outside come in, and what pods are meshed by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from compiler import model
from compiler.model import Ingress, Made, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(model.Claim):
    """A host of its own on the gateway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(model.Offer):
    """A Gateway object, the pods behind it, and the kind of mesh that they belong to."""

    gateway: str  # the object, as namespace and name
    account: str  # the ServiceAccount of its pods
    dataplane: Literal["sidecar", "ambient"]
    strict: bool  # whether pods accept nothing but mutual TLS


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(model.Endpoint):
    """Where a host can be routed from."""

    interface: ClassVar[str] = "gateway"
    one_per_pod: ClassVar[bool] = True

    @property
    def offer(self) -> Offer:
        offer: Offer = self.binding.offer
        return offer

    def calls(self, server: str | Made, *ports: int) -> Ingress:
        """Requests from the gateway's pods to some of an instance's."""
        return Ingress(
            "gateway",
            self.binding.provider.namespace,
            server,
            ports,
            pods=self.offer.pods or {},
            account=self.offer.account,
        )

    def local(self, name: str) -> str:
        """The address of a Service that stands beside the gateway."""
        return self.binding.provider.host(name)

    def route(
        self, name: str, namespace: str, host: str, to: str, port: int, *,
        authority: str | None = None, labels: model.Manifest | None = None, step: int = 0,
    ) -> Resource:  # fmt: skip
        """A VirtualService from a host to a Service; `authority` is the Host that this one sees."""
        rule: model.Manifest = {}
        if authority:
            rule["rewrite"] = {"authority": authority}
        rule["route"] = [{"destination": {"host": to, "port": {"number": port}}}]
        metadata: model.Manifest = {"name": name, "namespace": namespace}
        if labels:
            metadata["labels"] = labels
        return Resource(
            {
                "apiVersion": "networking.istio.io/v1",
                "kind": "VirtualService",
                "metadata": metadata,
                "spec": {"gateways": [self.offer.gateway], "hosts": [host], "http": [rule]},
            },
            step,
        )
