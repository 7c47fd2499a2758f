"""Build NetworkPolicies, and their selectors, peers and ports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from compiler.model.manifest import Manifest
from compiler.model.resource import Resource

NAMESPACE = "kubernetes.io/metadata.name"  # the label that every namespace has, with its name
Selection = tuple[str, str, str]  # namespace, label, value


def policy(
    name: str, namespace: str, pods: Manifest, *, ingress: list[Manifest] | None = None,
    egress: list[Manifest] | None = None,
) -> Resource:  # fmt: skip
    """A NetworkPolicy for the pods of a selector."""
    spec: Manifest = {"podSelector": pods}
    # A direction without rules is only named in policyTypes: the API server would drop an empty list.
    if ingress:
        spec["ingress"] = ingress
    if egress:
        spec["egress"] = egress
    types = {"Ingress": ingress is not None, "Egress": egress is not None}
    spec["policyTypes"] = [type for type, included in types.items() if included]
    return Resource(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": namespace},
            "spec": spec,
        }
    )


def labelled(labels: Mapping[str, str]) -> Manifest:
    """The selector of pods with all of these labels; of all pods if there are none."""
    return {"matchLabels": dict(labels)} if labels else {}


def any_of(label: str, values: Iterable[str]) -> Manifest:
    """The selector of pods with one of these values of a label."""
    expression = {"key": label, "operator": "In", "values": sorted(values)}
    return {"matchExpressions": [expression]}


def in_namespace(name: str) -> Manifest:
    """The peer that stands for all pods of a namespace."""
    return {"namespaceSelector": {"matchLabels": {NAMESPACE: name}}}


def peer(namespace: str, pods: Manifest) -> Manifest:
    """The pods of a selector in a namespace."""
    return {**in_namespace(namespace), "podSelector": pods}


def tcp(*ports: int) -> list[Manifest]:
    return [{"protocol": "TCP", "port": port} for port in ports]


def selections(policy: Resource) -> Iterator[Selection]:
    """The labels by which a policy selects pods and their peers. A patch may have removed any field."""
    spec = policy.manifest.get("spec", {})
    yield from _of_selector(spec.get("podSelector", {}), policy.namespace)
    for rule in (*spec.get("ingress", ()), *spec.get("egress", ())):
        for address in (*rule.get("from", ()), *rule.get("to", ())):
            yield from _of_peer(address, policy.namespace)


def _of_peer(address: Manifest, own_namespace: str) -> Iterator[Selection]:
    labels: Mapping[str, str] = address.get("namespaceSelector", {}).get("matchLabels", {})
    yield from _of_selector(address.get("podSelector", {}), labels.get(NAMESPACE, own_namespace))


def _of_selector(selector: Manifest, namespace: str) -> Iterator[Selection]:
    for label in selector.get("matchLabels", {}).items():
        yield namespace, *label
    for expression in selector.get("matchExpressions", ()):
        for allowed in expression.get("values", ()):
            yield namespace, expression.get("key", ""), allowed
