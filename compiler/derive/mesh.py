"""Put the platform's namespaces into the service mesh, if one is declared.

Sidecars are native ones (Kubernetes 1.29 and later): they start before all containers, so init
containers have a network, and end with the pod's own containers, so Jobs finish. Facts are of Istio
1.30.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from compiler.derive.packages import annotated, each_object, each_pod
from compiler.diagnostics import Report
from compiler.interfaces.istio import (
    DISCOVERY,
    ISTIOD,
    PROBES,
    TUNNEL,
    peer_authentication,
)  # fmt: skip
from compiler.interfaces.mesh import NATIVE, Offer
from compiler.kube.network_policy import peer, policy
from compiler.model.instance import Instance
from compiler.model.manifest import Manifest
from compiler.model.package import NAMESPACES, Lowered, Package
from compiler.model.resource import Resource


class Mesh(Struct, frozen=True):
    """The mesh, and the instance that declares it."""

    instance: Instance[Any]
    offer: Offer

    @property
    def ambient(self) -> bool:
        return self.offer.dataplane == "ambient"


def mesh_of(lowered: Lowered) -> Mesh | None:
    """The platform's mesh, if it has one."""
    for name, slots in lowered.graph.offers.items():
        for offer in slots.values():
            if isinstance(offer, Offer):
                return Mesh(lowered.graph.instances[name], offer)
    return None


def derive(lowered: Lowered, report: Report) -> Lowered:
    mesh = mesh_of(lowered)
    if mesh is None:
        return lowered
    lowered = replace(
        lowered,
        packages={**lowered.packages, NAMESPACES: _namespaces(lowered.packages[NAMESPACES], mesh)},
    )
    if mesh.ambient:
        return each_object(lowered, lambda package, manifest: _tunnelled(manifest))
    return each_pod(lowered, lambda package, template: annotated(template, NATIVE))


def _namespaces(package: Package, mesh: Mesh) -> Package:
    """Put each namespace into the mesh, set its mode of mutual TLS, and allow the mesh's own
    traffic.
    """
    resources: list[Resource] = []
    for resource in package.resources:
        if resource.kind != "Namespace":
            resources.append(resource)
            continue
        metadata = resource.manifest["metadata"]
        labels = dict(sorted({**metadata["labels"], **mesh.offer.joins}.items()))
        joined = {**resource.manifest, "metadata": {**metadata, "labels": labels}}
        resources.append(replace(resource, manifest=joined))
        resources += _peers(resource.name, mesh)
    return replace(package, resources=tuple(resources))


def _peers(namespace: str, mesh: Mesh) -> Iterator[Resource]:
    """The mode of mutual TLS in a namespace, and the policy for the traffic of the mesh itself."""
    mode = "STRICT" if mesh.offer.strict else "PERMISSIVE"
    yield peer_authentication("default", namespace, {"mtls": {"mode": mode}})
    if mesh.ambient:
        probes = [{"from": [{"ipBlock": {"cidr": PROBES}}]}]
        yield policy("allow-mesh", namespace, {}, ingress=probes)
        return
    control = peer(mesh.instance.namespace, {"matchLabels": ISTIOD})
    # No pod calls the sidecar's own ports. The kubelet's probes come from the pod's node, which
    # NetworkPolicies never cut off (kubernetes.io, "Network Policies").
    yield policy(
        "allow-mesh",
        namespace,
        {},
        egress=[{"to": [control], "ports": [{"protocol": "TCP", "port": DISCOVERY}]}],
    )


def _tunnelled(manifest: Manifest) -> Manifest:
    """A NetworkPolicy that also opens the mesh's tunnel between its pods.

    The tunnel joins the same pods as the ports do; the mesh's own policies limit the ports inside
    it.
    """
    if manifest["kind"] != "NetworkPolicy":
        return manifest
    spec = dict(manifest["spec"])
    for direction, side in (("ingress", "from"), ("egress", "to")):
        if direction in spec:
            spec[direction] = [_rule(rule, side) for rule in spec[direction]]
    return {**manifest, "spec": spec}


def _rule(rule: Manifest, side: str) -> Manifest:
    peers = rule.get(side, ())
    tcp = all(port["protocol"] == "TCP" for port in rule.get("ports", ()))
    if not rule.get("ports") or not tcp or not all("ipBlock" not in peer for peer in peers):
        return rule
    return {**rule, "ports": [*rule["ports"], {"protocol": "TCP", "port": TUNNEL}]}
