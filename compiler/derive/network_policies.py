"""Network policies: deny by default, and for each offer allow its clients, which carry the offer's
label.

Policies name pod ports, not Service ports. They do not grow with the number of clients: a new
client namespace adds one peer to the provider's policy, and another client in that namespace adds
nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from compiler.derive.packages import each_package, extended, home
from compiler.derive.users import users_of
from compiler.diagnostics import Report
from compiler.kube.labels import selector
from compiler.kube.network import ANYWHERE
from compiler.lower import dotted
from compiler.model.binding import Binding, UnlabelledClients
from compiler.model.instance import Instance
from compiler.model.package import Lowered, Package
from compiler.model.resource import Manifest, OperatorPods, Pods, Resource
from compiler.registry import component_of, in_upstream_namespace

Offers = dict[tuple[str, str], Binding]  # by provider and slot: one of the bindings to it


def derive(lowered: Lowered, report: Report) -> Lowered:
    offers: dict[str, Offers] = defaultdict(dict)  # by package
    for binding in lowered.graph.bindings:
        if binding.offer.port:
            offered = (binding.provider.name, binding.provides.slot)
            offers[home(binding.provider)].setdefault(offered, binding)
    users: dict[str, list[str]] = defaultdict(list)
    for label, carriers in users_of(lowered).items():
        users[label] = sorted({space for space, _ in carriers})
    foreign = upstream_namespaces(lowered)

    def add_policies(package: Package) -> Package:
        policies: list[Resource] = []
        for _, binding in sorted(offers.get(package.name, {}).items()):
            if not in_upstream_namespace(package.instance):
                policies += _ingress(binding, users[binding.label])
            platform_spaces = [space for space in users[binding.label] if space not in foreign]
            policies += _egress(binding, platform_spaces)
        if package.instance is not None:
            policies += _declared(package, package.instance)
        return extended(package, policies)

    lowered = each_package(lowered, add_policies)
    return _externals(lowered, offers, users)


def _externals(
    lowered: Lowered, offers: Mapping[str, Offers], users: Mapping[str, list[str]]
) -> Lowered:
    """Policies towards providers outside the platform, which may have no package yet.

    None in namespaces of operators: it would cut their pods off from all other addresses.
    """
    foreign = upstream_namespaces(lowered)
    packages = dict(lowered.packages)
    # Where a spec has mistakes, what models share may be left out.
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
            packages[name] = Package(
                name, dotted(provider.path), component_of(provider).PHASE, provider.namespace,
                tuple(policies), instance=provider,
            )  # fmt: skip
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
    clients = [
        {**_namespace(space), "podSelector": {"matchLabels": {binding.label: "true"}}}
        for space in namespaces
    ]
    yield policy(
        f"{provider.name}-{binding.provides.slot}",
        provider.namespace,
        offer.pods or selector(provider, offer.role),
        ingress=[{"from": clients, "ports": _ports(*offer.pod_ports)}],
    )


def _egress(binding: Binding, namespaces: Sequence[str]) -> Iterator[Resource]:
    egress = _rules(binding)
    for space in namespaces:
        yield policy(
            f"{binding.provider.name}-{binding.provides.slot}-clients",
            space,
            {binding.label: "true"},
            egress=egress,
        )


def _rules(binding: Binding) -> list[Manifest]:
    """The way of a client to its provider, and to what stands between them."""
    provider, offer = binding.provider, binding.offer
    if offer.external:
        to: list[Any] = [{"ipBlock": {"cidr": cidr}} for cidr in offer.cidrs or (ANYWHERE,)]
    else:
        pods = offer.pods or selector(provider, offer.role)
        to = [{**_namespace(provider.namespace), "podSelector": {"matchLabels": pods}}]
    egress = [{"to": to, "ports": _ports(*offer.pod_ports)}]
    for hop in offer.hops:
        proxies = {"podSelector": {"matchLabels": dict(sorted(hop.labels.items()))}}
        peer = {**_namespace(hop.namespace), **proxies}
        egress.append({"to": [peer], "ports": _ports(*hop.ports)})
    return egress


def _declared(package: Package, me: Instance[Any]) -> Iterator[Resource]:
    """Traffic between pods of one instance, and traffic that leaves or enters the platform."""
    for clients in package.unlabelled_clients:
        yield from _unlabelled(clients, me)
    for traffic in package.internal_traffic:
        name = f"{me.name}-{_role(traffic.client)}-to-{_role(traffic.server)}"
        client, server = labels_of(me, traffic.client), labels_of(me, traffic.server)
        ports = _ports(*traffic.ports)
        to = [{"to": [{"podSelector": {"matchLabels": server}}], "ports": ports}]
        from_ = [{"from": [{"podSelector": {"matchLabels": client}}], "ports": ports}]
        if client == server:
            yield policy(name, me.namespace, client, ingress=from_, egress=to)
        else:
            yield policy(name, me.namespace, client, egress=to)
            yield policy(f"{name}-server", me.namespace, server, ingress=from_)
    seen: Counter[str] = Counter()
    for egress in package.egress:
        space = egress.namespace or me.namespace
        blocks = [{"ipBlock": {"cidr": cidr}} for cidr in egress.cidrs]
        index = seen[space]
        seen[space] += 1
        yield policy(
            f"{me.name}-{_role(egress.client)}-egress-{index}",
            space,
            labels_of(me, egress.client),
            egress=[{"to": blocks, "ports": _ports(*egress.ports)}],
        )
    for ingress in package.ingress:
        peer = _namespace(ingress.namespace)
        if ingress.pods:
            peer["podSelector"] = {"matchLabels": dict(sorted(ingress.pods.items()))}
        yield policy(
            f"{me.name}-{_role(ingress.server)}-from-{ingress.name}",
            me.namespace,
            labels_of(me, ingress.server),
            ingress=[{"from": [peer], "ports": _ports(*ingress.ports)}],
        )


def _unlabelled(clients: UnlabelledClients, me: Instance[Any]) -> Iterator[Resource]:
    """Both ends of one connection, by the labels of the client's pods."""
    binding, pods = clients.binding, labels_of(me, clients.pods)
    name = f"{me.name}-{clients.pods.role}"
    yield policy(name, me.namespace, pods, egress=_rules(binding))
    provider, offer = binding.provider, binding.offer
    if not offer.external:
        client = {**_namespace(me.namespace), "podSelector": {"matchLabels": pods}}
        yield policy(
            f"{name}-{provider.name}",
            provider.namespace,
            offer.pods or selector(provider, offer.role),
            ingress=[{"from": [client], "ports": _ports(*offer.pod_ports)}],
        )


def labels_of(me: Instance[Any], pods: Pods) -> dict[str, str]:
    """The labels that select exactly these pods of an instance."""
    return (
        dict(sorted(pods.labels.items())) if isinstance(pods, OperatorPods) else selector(me, pods)
    )


def _role(pods: Pods) -> str:
    return pods.role if isinstance(pods, OperatorPods) else pods


def policy(
    name: str, namespace: str, pods: Mapping[str, str], *, ingress: list[Manifest] | None = None,
    egress: list[Manifest] | None = None,
) -> Resource:  # fmt: skip
    """A NetworkPolicy for the pods with these labels; for all pods of the namespace if there are
    none.
    """
    spec: Manifest = {"podSelector": {"matchLabels": dict(pods)} if pods else {}}
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


def _namespace(name: str) -> Manifest:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _ports(*ports: int) -> list[Manifest]:
    return [{"protocol": "TCP", "port": port} for port in ports]
