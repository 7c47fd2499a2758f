"""Write the network policies for the traffic that a component declares, in addition to its bindings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from compiler.derive import binding_policies
from compiler.derive.own_pods import labels_of, namespace_of
from compiler.kube.labels import selector
from compiler.kube.network_policy import in_namespace, labelled, peer, policy, tcp
from compiler.model.binding import UnlabelledClients
from compiler.model.instance import Instance
from compiler.model.package import Package
from compiler.model.resource import Resource, role_of


def policies(package: Package, me: Instance[Any]) -> Iterator[Resource]:
    """All of these policies of a package."""
    for clients in package.unlabelled_clients:
        yield from _unlabelled(clients, me)
    yield from _between_own_pods(package, me)
    yield from _to_outside(package, me)
    yield from _from_outside(package, me)


def _between_own_pods(package: Package, me: Instance[Any]) -> Iterator[Resource]:
    for traffic in package.internal_traffic:
        name = f"{me.name}-{role_of(traffic.client)}-to-{role_of(traffic.server)}"
        client, server = (labelled(labels_of(me, end)) for end in (traffic.client, traffic.server))
        ports = tcp(*traffic.ports)
        to = [{"to": [{"podSelector": server}], "ports": ports}]
        from_ = [{"from": [{"podSelector": client}], "ports": ports}]
        if client == server:
            yield policy(name, me.namespace, client, ingress=from_, egress=to)
        else:
            yield policy(name, me.namespace, client, egress=to)
            yield policy(f"{name}-server", me.namespace, server, ingress=from_)


def _to_outside(package: Package, me: Instance[Any]) -> Iterator[Resource]:
    counts: Counter[str] = Counter()
    for egress in package.egress:
        space = egress.namespace or me.namespace
        blocks = [{"ipBlock": {"cidr": cidr}} for cidr in egress.cidrs]
        index = counts[space]
        counts[space] += 1
        yield policy(
            f"{me.name}-{role_of(egress.client)}-egress-{index}",
            space,
            labelled(labels_of(me, egress.client)),
            egress=[{"to": blocks, "ports": tcp(*egress.ports)}],
        )


def _from_outside(package: Package, me: Instance[Any]) -> Iterator[Resource]:
    for ingress in package.ingress:
        caller = in_namespace(ingress.namespace)
        if ingress.pods:
            caller = peer(ingress.namespace, labelled(dict(sorted(ingress.pods.items()))))
        yield policy(
            f"{me.name}-{role_of(ingress.server)}-from-{ingress.name}",
            namespace_of(me, ingress.server),
            labelled(labels_of(me, ingress.server)),
            ingress=[{"from": [caller], "ports": tcp(*ingress.ports)}],
        )


def _unlabelled(clients: UnlabelledClients, me: Instance[Any]) -> Iterator[Resource]:
    """The policies at both ends of a connection, by the labels of the client's pods."""
    binding, pods = clients.binding, labelled(labels_of(me, clients.pods))
    name = f"{me.name}-{clients.pods.role}"
    yield policy(name, me.namespace, pods, egress=binding_policies.client_rules(binding))
    provider, offer = binding.provider, binding.offer
    if not offer.external:
        client = peer(me.namespace, pods)
        yield policy(
            f"{name}-{provider.name}",
            provider.namespace,
            labelled(offer.pods or selector(provider, offer.role)),
            ingress=[{"from": [client], "ports": tcp(*offer.pod_ports)}],
        )
