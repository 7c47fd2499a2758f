"""Who may talk to whom, once more and by identity: the same edges, told by ServiceAccount.

Nothing is allowed but what an AuthorizationPolicy says, databases included. A caller outside the
mesh (an operator, a scraper, the API server at a webhook) has no identity and speaks no mutual TLS:
the ports that it calls are the exceptions, and they alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from compiler.derive.mesh import mesh_of, peer_authentication
from compiler.derive.namespaces import NAME
from compiler.derive.network_policies import labels_of, upstreams
from compiler.derive.packages import each_package, extended
from compiler.derive.users import Account, users_of
from compiler.diagnostics import Report
from compiler.kube.labels import selector
from compiler.model.graph import Binding, Instance
from compiler.model.package import Lowered, Package
from compiler.model.resource import (
    Ingress,
    Made,
    Manifest,
    Peering,
    Resource,
    pod_account,
    pod_labels,
)

Source = dict[str, list[str]]


def derive(lowered: Lowered, report: Report) -> Lowered:
    mesh = mesh_of(lowered)
    if mesh is None or not mesh.offer.strict:
        return lowered
    trust = lowered.platform.settings.cluster.domain
    users = users_of(lowered)
    offers: dict[str, dict[str, Binding]] = defaultdict(dict)
    for binding in lowered.graph.bindings:
        if binding.offer.port and not binding.offer.external:
            offers[binding.provider.name].setdefault(binding.provides.slot, binding)

    def one(package: Package) -> Package:
        if package.name == NAME:
            spaces = [r.name for r in package.resources if r.kind == "Namespace"]
            return extended(package, (_nothing(space) for space in spaces))
        if package.instance is None or upstreams(package.instance):
            return package
        made: list[Resource] = []
        for slot, binding in sorted(offers[package.name].items()):
            made += _clients(slot, binding, users[binding.label], trust)
        for peering in package.peerings:
            made.append(_peers(package, package.instance, peering, trust))
        for ingress in package.ingress:
            made += _callers(package.instance, ingress, trust)
        return extended(package, made)

    return each_package(lowered, one)


def _nothing(namespace: str) -> Resource:
    """A policy without a rule allows nothing, and what no other allows is refused."""
    return _policy("default-deny", namespace, None, None)


def _clients(
    slot: str, binding: Binding, users: frozenset[Account], trust: str
) -> Iterator[Resource]:
    provider, offer = binding.provider, binding.offer
    if users:
        pods = dict(offer.pods) if offer.pods else selector(provider, offer.role)
        sources = _sources(users, trust)
        port = offer.target or offer.port
        yield _policy(f"{provider.name}-{slot}", provider.namespace, pods, _rules(sources, (port,)))


def _sources(users: frozenset[Account], trust: str) -> list[Source]:
    """Identities; all of a namespace where a controller decides whom its pods run as."""
    open = sorted({space for space, account in users if not account})
    known = sorted(
        f"{trust}/ns/{space}/sa/{account}"
        for space, account in users
        if account and space not in open
    )
    sources: list[Source] = [{"principals": known}] if known else []
    return [*sources, {"namespaces": open}] if open else sources


def _peers(package: Package, me: Instance[object], peering: Peering, trust: str) -> Resource:
    client = labels_of(me, peering.client)
    accounts = frozenset(
        (one.namespace, pod_account(one.manifest))
        for one in package.resources
        if client.items() <= pod_labels(one.manifest).items()
    )
    names = [pods.role if isinstance(pods, Made) else pods
             for pods in (peering.client, peering.server)]  # fmt: skip
    return _policy(
        f"{me.name}-{names[0]}-to-{names[1]}",
        me.namespace,
        labels_of(me, peering.server),
        _rules(_sources(accounts or frozenset({(me.namespace, "")}), trust), peering.ports),
    )


def _callers(me: Instance[object], call: Ingress, trust: str) -> Iterator[Resource]:
    role = call.server.role if isinstance(call.server, Made) else call.server
    name, pods = f"{me.name}-{role}-from-{call.name}", labels_of(me, call.server)
    if call.meshed:
        sources = _sources(frozenset({(call.namespace, call.account or "")}), trust)
        yield _policy(name, me.namespace, pods, _rules(sources, call.ports))
        return
    yield _policy(name, me.namespace, pods, _rules([], call.ports))
    plain = {str(port): {"mode": "PERMISSIVE"} for port in call.ports}
    spec = {
        "mtls": {"mode": "STRICT"},
        "portLevelMtls": plain,
        "selector": {"matchLabels": pods},
    }
    yield peer_authentication(name, me.namespace, spec)


def _rules(sources: list[Source], ports: tuple[int, ...]) -> list[Manifest]:
    rule: Manifest = {"to": [{"operation": {"ports": [str(port) for port in ports]}}]}
    return [{"from": [{"source": one} for one in sources], **rule} if sources else rule]


def _policy(
    name: str, namespace: str, pods: dict[str, str] | None, rules: list[Manifest] | None
) -> Resource:
    spec: Manifest = {}
    if pods is not None:
        spec["selector"] = {"matchLabels": pods}
    if rules is not None:
        spec |= {"action": "ALLOW", "rules": rules}
    return Resource(
        {
            "apiVersion": "security.istio.io/v1",
            "kind": "AuthorizationPolicy",
            "metadata": {"name": name, "namespace": namespace},
            "spec": spec,
        }
    )
