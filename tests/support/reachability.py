"""A model of NetworkPolicies: may one pod connect to another?

From Kubernetes' reference: policies add up, a pod that no policy selects is open, and both ends
must permit a connection. The caller decides whether an address block covers pods, because it
depends on the network plugin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

from compiler.model.manifest import Manifest

Policies = Mapping[str, list[Manifest]]  # by namespace


@dataclass(frozen=True)
class Pod:
    """A pod, or something outside the cluster: then it has an address and no namespace."""

    name: str
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: frozenset[int] = frozenset()
    address: str = "10.11.12.13"


@dataclass(frozen=True)
class Network:
    """The policies of a cluster and the labels of its namespaces."""

    policies: Policies
    namespaces: Mapping[str, Mapping[str, str]]
    blocks_cover_pods: bool = True

    def connects(self, source: Pod, target: Pod, port: int, protocol: str = "TCP") -> bool:
        return self._consents("Egress", source, target, port, protocol) and self._consents(
            "Ingress", target, source, port, protocol
        )

    def _consents(self, direction: str, pod: Pod, peer: Pod, port: int, protocol: str) -> bool:
        """Whether the policies at one end of a connection let it through."""
        if not pod.namespace:
            return True
        policies = [
            spec
            for policy in self.policies.get(pod.namespace, ())
            if direction in (spec := policy["spec"])["policyTypes"]
            and selects(spec["podSelector"], pod.labels)
        ]
        key, peers = ("egress", "to") if direction == "Egress" else ("ingress", "from")
        rules = [rule for spec in policies for rule in spec.get(key, ())]
        return not policies or any(
            _port(rule.get("ports"), port, protocol)
            and self._peer(rule.get(peers), peer, pod.namespace)
            for rule in rules
        )

    def _peer(self, peers: list[Manifest] | None, pod: Pod, home: str) -> bool:
        return not peers or any(self._is(peer, pod, home) for peer in peers)

    def _is(self, peer: Manifest, pod: Pod, home: str) -> bool:
        if "ipBlock" in peer:
            covers = not pod.namespace or self.blocks_cover_pods
            return covers and _in_block(pod.address, peer["ipBlock"])
        if not pod.namespace:
            return False
        spaces = peer.get("namespaceSelector")
        in_namespace = pod.namespace == home if spaces is None else selects(
            spaces, self.namespaces[pod.namespace]
        )  # fmt: skip
        return in_namespace and selects(peer.get("podSelector", {}), pod.labels)


def selects(selector: Manifest, labels: Mapping[str, str]) -> bool:
    """A label selector; an empty one selects everything."""
    exact = selector.get("matchLabels", {}).items()
    return all(labels.get(key) == value for key, value in exact) and all(
        _expression(match_expression, labels)
        for match_expression in selector.get("matchExpressions", ())
    )


def _expression(manifest: Manifest, labels: Mapping[str, str]) -> bool:
    value = labels.get(manifest["key"])
    match manifest["operator"]:
        case "In":
            return value in manifest["values"]
        case "NotIn":
            return value not in manifest["values"]
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    raise AssertionError(manifest)


def _port(ports: list[Manifest] | None, port: int, protocol: str) -> bool:
    """No list of ports means all of them. Named ports would hide a mistake, so there are none."""
    return not ports or any(
        policy_port.get("protocol", "TCP") == protocol and _in_range(policy_port, port)
        for policy_port in ports
    )


def _in_range(manifest: Manifest, port: int) -> bool:
    first_port: int | None = manifest.get("port")
    return first_port is None or first_port <= port <= int(manifest.get("endPort", first_port))


def _in_block(address: str, block: Mapping[str, Any]) -> bool:
    outside: Iterable[str] = block.get("except", ())
    inside = [block["cidr"], *outside]
    covers = [ip_address(address) in ip_network(block, strict=False) for block in inside]
    return covers[0] and not any(covers[1:])
