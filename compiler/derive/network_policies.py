"""Write network policies: they deny all traffic, and for each offer admit pods that carry its label.

Policies name pod ports, not Service ports. They do not grow with the number of clients: a new
client namespace adds one peer to the provider's policy, and another client in that namespace adds
nothing. Models that the same pods call share policies (`called_models`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from compiler.derive import called_models
from compiler.derive.packages import Offers, bindings_by_package, each_package, extended
from compiler.derive.users import users_of
from compiler.diagnostics import Report
from compiler.kube.labels import selector
from compiler.kube.network import ANYWHERE
from compiler.kube.network_policy import in_namespace, labelled, peer, policy, tcp
from compiler.lower import package_of
from compiler.model.binding import Binding, UnlabelledClients
from compiler.model.instance import Instance
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package
from compiler.model.resource import OperatorPods, Pods, Resource, role_of
from compiler.registry import in_upstream_namespace


def derive(lowered: Lowered, report: Report) -> Lowered:
    offers = bindings_by_package(lowered.graph.bindings)
    users: dict[str, list[str]] = defaultdict(list)
    for label, carriers in users_of(lowered).items():
        users[label] = sorted({space for space, _ in carriers})
    foreign = upstream_namespaces(lowered)
    called = _called(lowered, offers, foreign)

    def add_policies(package: Package) -> Package:
        policies: list[Resource] = []
        shared = called.get(package.name, ())
        for models in shared:
            policies += called_models.policies(models, egress_rules)
        unshared = _without(offers.get(package.name, {}), shared)
        for _, binding in sorted(unshared.items()):
            if not in_upstream_namespace(package.instance):
                policies += _ingress(binding, users[binding.label])
            platform_spaces = [space for space in users[binding.label] if space not in foreign]
            policies += _egress(binding, platform_spaces)
        if package.instance is not None:
            policies += _declared(package, package.instance)
        return extended(package, policies)

    lowered = each_package(lowered, add_policies)
    return _externals(lowered, offers, users, foreign)


def _called(
    lowered: Lowered, offers: Mapping[str, Offers], foreign: frozenset[str]
) -> Mapping[str, Sequence[called_models.Called]]:
    """The models that share policies, by the package of their store."""
    models = {
        package: [binding for _, binding in sorted(bindings.items()) if binding.to_model]
        for package, bindings in offers.items()
    }
    labels = frozenset(binding.label for bindings in models.values() for binding in bindings)
    if not labels:
        return {}
    callers = called_models.callers_of(lowered, labels, foreign)
    return {
        package: tuple(called_models.grouped(package, bindings, callers))
        for package, bindings in models.items()
    }


def _without(offers: Offers, shared: Sequence[called_models.Called]) -> Offers:
    labels = {binding.label for models in shared for binding in models.bindings}
    return {key: binding for key, binding in offers.items() if binding.label not in labels}


def _externals(
    lowered: Lowered,
    offers: Mapping[str, Offers],
    users: Mapping[str, list[str]],
    foreign: frozenset[str],
) -> Lowered:
    """Add the policies towards providers outside the platform, which may have no package yet.

    Namespaces of operators get none: a policy would cut their pods off from all other addresses.
    """
    packages = dict(lowered.packages)
    # In a spec with mistakes, the store of the models may be left out.
    providers = offers.keys() & lowered.graph.instances.keys()
    for name in sorted(providers - packages.keys()):
        provider = lowered.graph.instances[name]
        policies = [
            policy
            for _, binding in sorted(offers[name].items())
            for policy in _egress(
                binding, [space for space in users[binding.label] if space not in foreign]
            )
        ]
        if policies:
            packages[name] = package_of(provider, policies)
    return replace(lowered, packages=dict(sorted(packages.items())))


def upstream_namespaces(lowered: Lowered) -> frozenset[str]:
    """The namespaces of operators."""
    packages = lowered.packages.values()
    return frozenset(
        package.namespace for package in packages if in_upstream_namespace(package.instance)
    )


def _ingress(binding: Binding, namespaces: Sequence[str]) -> Iterator[Resource]:
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


def _egress(binding: Binding, namespaces: Sequence[str]) -> Iterator[Resource]:
    egress = _rules(binding)
    for space in namespaces:
        yield policy(
            f"{binding.provider.name}-{binding.provides.slot}-clients",
            space,
            labelled({binding.label: "true"}),
            egress=egress,
        )


def _rules(binding: Binding) -> list[Manifest]:
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


def _declared(package: Package, me: Instance[Any]) -> Iterator[Resource]:
    """The policies for the traffic that a component declares, in addition to its bindings."""
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
    yield policy(name, me.namespace, pods, egress=_rules(binding))
    provider, offer = binding.provider, binding.offer
    if not offer.external:
        client = peer(me.namespace, pods)
        yield policy(
            f"{name}-{provider.name}",
            provider.namespace,
            labelled(offer.pods or selector(provider, offer.role)),
            ingress=[{"from": [client], "ports": tcp(*offer.pod_ports)}],
        )


def namespace_of(me: Instance[Any], pods: Pods) -> str:
    return (isinstance(pods, OperatorPods) and pods.namespace) or me.namespace


def labels_of(me: Instance[Any], pods: Pods) -> dict[str, str]:
    """The labels that select exactly these pods of an instance."""
    return (
        dict(sorted(pods.labels.items())) if isinstance(pods, OperatorPods) else selector(me, pods)
    )
