"""A service mesh: it carries the traffic between the pods of the namespaces that join it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from compiler import model

# A native sidecar (Kubernetes 1.29 and later): it starts before all containers, and ends with the pod.
NATIVE = {"sidecar.istio.io/nativeSidecar": "true"}


def obeys(label: str) -> bool:
    """Whether the mesh reads a label of a pod, a namespace or a Service."""
    return f".{label.partition('/')[0]}".endswith(".istio.io") or label == "istio-injection"


class Claim(model.Claim, frozen=True, kw_only=True):
    """Claims to send and answer requests in the mesh."""


class Offer(model.Offer, frozen=True, kw_only=True):
    """The mesh's kind, and how pods join it."""

    dataplane: Literal["sidecar", "ambient"]
    joins: Mapping[str, str]  # the labels by which a namespace joins the mesh
    strict: bool  # whether pods accept nothing but mutual TLS
    injected: tuple[model.Injected, ...] = ()  # containers that it adds to each pod
    ports: tuple[int, ...] = ()  # ports on which it listens in each pod


class Endpoint(model.Endpoint[Claim, Offer], frozen=True, kw_only=True):
    """The mesh, as a part of the platform sees it."""

    interface: ClassVar[str] = "mesh"
    for_clients: ClassVar[bool] = False
    one_per_pod: ClassVar[bool] = True

    @property
    def pod_annotations(self) -> dict[str, str]:
        """Annotations for a native sidecar, by which an init container has a network too."""
        return dict(NATIVE) if self.offer.dataplane == "sidecar" else {}

    def joined(self, namespace: str) -> model.Manifest:
        """The Namespace of an upstream system, in the mesh: pods in strict mode refuse clients
        outside it.
        """
        return {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": namespace, "labels": dict(self.offer.joins)},
        }


# The requirement of systems that work with the platform's pods.
MEMBER = model.Requires("mesh", Endpoint)
