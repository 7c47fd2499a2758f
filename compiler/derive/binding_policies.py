"""Write the network policies of a binding: at the provider, and at its clients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from compiler.kube.labels import selector
from compiler.kube.network import ANYWHERE
from compiler.kube.network_policy import labelled, peer, policy, tcp
from compiler.model.binding import Binding
from compiler.model.manifest import Manifest
from compiler.model.resource import Resource


def ingress(binding: Binding, namespaces: Sequence[str]) -> Iterator[Resource]:
    """The policy that admits the clients in these namespaces to the provider."""
    provider, offer = binding.provider, binding.offer
    if not namespaces or offer.external:
        return
    clients = [peer(space, labelled({binding.label: "true"})) for space in namespaces]
    yield policy(
        f"{provider.name}-{binding.provides.slot}",
        provider.namespace,
        labelled(offer.pods or selector(provider, offer.role)),
        ingress=[{"from": clients, "ports": tcp(*offer.pod_ports)}],
    )


def egress(binding: Binding, namespaces: Sequence[str]) -> Iterator[Resource]:
    """The policies that let the clients in these namespaces out to the provider."""
    rules = client_rules(binding)
    for space in namespaces:
        yield policy(
            f"{binding.provider.name}-{binding.provides.slot}-clients",
            space,
            labelled({binding.label: "true"}),
            egress=rules,
        )


def client_rules(binding: Binding) -> list[Manifest]:
    """The egress rules of a client to its provider, and to the pods that its requests pass."""
    provider, offer = binding.provider, binding.offer
    if offer.external:
        to: list[Any] = [{"ipBlock": {"cidr": cidr}} for cidr in offer.cidrs or (ANYWHERE,)]
    else:
        pods = offer.pods or selector(provider, offer.role)
        to = [peer(provider.namespace, labelled(pods))]
    return egress_rules(binding, to)


def egress_rules(binding: Binding, to: list[Any]) -> list[Manifest]:
    """The egress rules of a client to some peers, and to the pods that its requests pass."""
    egress: list[Manifest] = [{"to": to, "ports": tcp(*binding.offer.pod_ports)}]
    for hop in binding.offer.hops:
        proxies = peer(hop.namespace, labelled(dict(sorted(hop.labels.items()))))
        egress.append({"to": [proxies], "ports": tcp(*hop.ports)})
    return egress
