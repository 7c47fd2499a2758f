"""Write authorization policies: they admit the same clients as the network policies, by ServiceAccount.

An AuthorizationPolicy must allow each connection, also connections to databases. A caller outside the
mesh (an operator, a scraper, the API server that calls a webhook) has no identity and uses no
mutual TLS; only the ports that it calls are exempt.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from compiler.derive.mesh import Mesh, mesh_of
from compiler.derive.own_pods import labels_of, namespace_of
from compiler.derive.packages import bindings_by_package, each_package, extended
from compiler.derive.users import Account, users_of
from compiler.diagnostics import Report
from compiler.interfaces.istio import TRUST_DOMAIN, authorization_policy, peer_authentication
from compiler.kube.labels import selector
from compiler.model.binding import Binding
from compiler.model.instance import Instance
from compiler.model.manifest import Manifest
from compiler.model.package import NAMESPACES, Lowered, Package
from compiler.model.resource import Ingress, InternalTraffic, Resource, role_of
from compiler.registry import in_upstream_namespace

Source = dict[str, list[str]]


def derive(lowered: Lowered, report: Report) -> Lowered:
    mesh = mesh_of(lowered)
    if mesh is None or not mesh.offer.strict:
        return lowered
    users = users_of(lowered)
    offers = bindings_by_package(
        binding
        for binding in lowered.graph.bindings
        if binding.offer.port and not binding.offer.external and not binding.to_model
    )

    def authorize(package: Package) -> Package:
        if package.name == NAMESPACES:
            spaces = [r.name for r in package.resources if r.kind == "Namespace"]
            return extended(package, (_deny_all(space) for space in spaces))
        if package.instance is None:
            return package
        if in_upstream_namespace(package.instance):
            return extended(package, _beyond(package, package.instance, mesh))
        bindings = [binding for _, binding in sorted(offers[package.name].items())]
        return extended(
            package,
            (
                *(p for binding in bindings for p in clients(binding, users[binding.label])),
                *_of_traffic(package, package.instance, bindings, mesh),
            ),
        )

    return each_package(lowered, authorize)


def _beyond(package: Package, me: Instance[Any], mesh: Mesh) -> Iterator[Resource]:
    """The policies of an operator's instance for pods in the platform's namespaces."""
    calls = [call for call in package.ingress if namespace_of(me, call.server) != me.namespace]
    yield from _of_traffic(
        replace(package, ingress=tuple(calls), internal_traffic=()), me, (), mesh
    )


def _of_traffic(
    package: Package, me: Instance[Any], bindings: Iterable[Binding], mesh: Mesh
) -> Iterator[Resource]:
    """The policies for traffic between own pods, and for callers that use no binding."""
    for traffic in package.internal_traffic:
        yield _peers(package, me, traffic)
    used = {port for binding in bindings for port in binding.offer.pod_ports}
    used |= {port for call in package.ingress if call.meshed for port in call.ports}
    for call in package.ingress:
        # An ambient mesh has no proxies in the pods, so it cannot match HTTP paths.
        mixed = not call.meshed and not mesh.ambient and used.intersection(call.ports)
        yield _callers(me, call, call.paths if mixed else ())
    yield from _plain(me, package.ingress)


def _deny_all(namespace: str) -> Resource:
    """The policy without a rule: it refuses each connection that no other policy allows."""
    return _policy("default-deny", namespace, None, None)


def clients(binding: Binding, users: frozenset[Account]) -> Iterator[Resource]:
    """The policy that lets the users of an offer in."""
    provider, offer = binding.provider, binding.offer
    if users:
        pods = dict(offer.pods) if offer.pods else selector(provider, offer.role)
        sources = _sources(users)
        name = f"{provider.name}-{binding.provides.slot}"
        yield _policy(name, provider.namespace, pods, _rules(sources, offer.pod_ports))


def _sources(users: frozenset[Account]) -> list[Source]:
    """The identities of the users; the whole namespace if a controller chooses the accounts of pods."""
    open = sorted({space for space, account in users if not account})
    principals = sorted(
        f"{TRUST_DOMAIN}/ns/{space}/sa/{account}"
        for space, account in users
        if account and space not in open
    )
    sources: list[Source] = [{"principals": principals}] if principals else []
    return [*sources, {"namespaces": open}] if open else sources


def _peers(package: Package, me: Instance[object], traffic: InternalTraffic) -> Resource:
    """The policy for traffic between pods of one instance, by the accounts of the clients."""
    client = labels_of(me, traffic.client)
    written = {
        (resource.namespace, resource.pod_account)
        for resource in package.resources
        if client.items() <= resource.pod_labels.items()
    }
    created = {
        (pods.namespace or me.namespace, pods.account)
        for pods in package.operator_pods
        if pods.account and client.items() <= pods.labels.items()
    }
    accounts = frozenset(written | created)
    names = [role_of(pods)
             for pods in (traffic.client, traffic.server)]  # fmt: skip
    return _policy(
        f"{me.name}-{names[0]}-to-{names[1]}",
        me.namespace,
        labels_of(me, traffic.server),
        _rules(_sources(accounts or frozenset({(me.namespace, "")})), traffic.ports),
    )


def _callers(me: Instance[object], call: Ingress, paths: tuple[str, ...]) -> Resource:
    """Allow a caller without an identity; on a port that others use as well, only its paths."""
    role = role_of(call.server)
    accounts = frozenset({(call.namespace, call.account or "")}) if call.meshed else frozenset()
    return _policy(
        f"{me.name}-{role}-from-{call.name}",
        namespace_of(me, call.server),
        labels_of(me, call.server),
        _rules(_sources(accounts), call.ports, paths),
    )


def _plain(me: Instance[object], calls: Iterable[Ingress]) -> Iterator[Resource]:
    """Allow plain text on ports without mutual TLS.

    Each group of pods has one object, because Istio applies only one of several.
    """
    ports: dict[tuple[str, str, tuple[tuple[str, str], ...]], set[int]] = defaultdict(set)
    for call in calls:
        if not call.meshed:
            role, space = role_of(call.server), namespace_of(me, call.server)
            ports[role, space, tuple(labels_of(me, call.server).items())].update(call.ports)
    for (role, space, pods), open in sorted(ports.items()):
        spec = {
            "mtls": {"mode": "STRICT"},
            "portLevelMtls": {str(port): {"mode": "PERMISSIVE"} for port in sorted(open)},
            "selector": {"matchLabels": dict(pods)},
        }
        yield peer_authentication(f"{me.name}-{role}", space, spec)


def _rules(
    sources: list[Source], ports: tuple[int, ...], paths: tuple[str, ...] = ()
) -> list[Manifest]:
    operation: Manifest = {"ports": [str(port) for port in ports]}
    if paths:
        operation["paths"] = list(paths)
    rule: Manifest = {"to": [{"operation": operation}]}
    return [{"from": [{"source": source} for source in sources], **rule} if sources else rule]


def _policy(
    name: str, namespace: str, pods: dict[str, str] | None, rules: list[Manifest] | None
) -> Resource:
    spec: Manifest = {}
    if pods is not None:
        spec["selector"] = {"matchLabels": pods}
    if rules is not None:
        spec |= {"action": "ALLOW", "rules": rules}
    return authorization_policy(name, namespace, spec)
