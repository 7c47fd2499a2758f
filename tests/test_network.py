"""Reachable equals bound: for all ordered pairs of pods, on every port that anything names.

Bindings come from the graph; reachable pairs from the emitted NetworkPolicies, as a model
of Kubernetes' own rules reads them. Neither side knows how the other is made.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

import pytest
from support.cluster import Template, environments, lowered, objects, templates
from support.custom_resources import as_resource
from support.reachability import Network, Pod, selects
from support.scenarios import compiled

from compiler import pipeline
from compiler.derive.mesh import mesh_of
from compiler.derive.namespaces import platform_namespaces
from compiler.derive.own_pods import labels_of
from compiler.emit.manifests import manifests
from compiler.interfaces import serving
from compiler.interfaces.istio import TUNNEL
from compiler.kube.labels import selector
from compiler.kube.network import ANYWHERE
from compiler.model.binding import Binding
from compiler.model.instance import PREFIX
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package
from compiler.model.resource import pod_template
from compiler.tenants import model_store

DNS = Pod("dns", "kube-system", {"k8s-app": "kube-dns"}, frozenset({53}))
INSTANCE = "app.kubernetes.io/instance"

each_environment = pytest.mark.parametrize(("scenario", "environment"), environments())


def network(scenario: str, environment: str, *, blocks_cover_pods: bool = True) -> Network:
    policies: dict[str, list[Manifest]] = defaultdict(list)
    for manifest in objects(scenario, environment):
        if manifest["kind"] == "NetworkPolicy":
            policies[manifest["metadata"]["namespace"]].append(manifest)
    spaces = {pod.namespace for pod in pods(scenario, environment)} | set(policies)
    labels = {space: {"kubernetes.io/metadata.name": space} for space in spaces}
    return Network(policies, labels, blocks_cover_pods)


@cache
def pods(scenario: str, environment: str) -> tuple[Pod, ...]:
    """The platform's pods, those that operators make for it, the cluster's DNS, and strangers."""
    lowered_platform = lowered(scenario, environment)
    actual = [
        Pod(template.name, template.namespace, {**as_resource(template.owner).pod_labels, **template.labels},
            frozenset(_ports(template.spec)))
        for template in templates(scenario, environment)
        if template.labels
    ]  # fmt: skip
    actual += _operated(lowered_platform)
    for binding in lowered_platform.graph.bindings:
        offer = binding.offer
        if offer.pods and not offer.external and not any(_answers(pod, binding) for pod in actual):
            name = f"{binding.provider.name}'s {binding.provides.slot}"
            ports = frozenset({offer.target or offer.port})
            actual.append(Pod(name, binding.provider.namespace, offer.pods, ports))
    actual += [
        Pod(f"stranger in {space}", space)
        for space in (*platform_namespaces(lowered_platform), "elsewhere")
    ]
    return tuple({(pod.name, pod.namespace): pod for pod in (*actual, DNS)}.values())


def _operated(lowered_platform: Lowered) -> Iterator[Pod]:
    """Pods that operators make of the platform's objects, and operators that call on them."""
    for package in lowered_platform.packages.values():
        for resource in package.resources:
            if resource.pod_labels and pod_template(resource.manifest) is None:
                labels = dict(resource.pod_labels)
                name = f"{resource.kind} {resource.namespace}/{resource.name}"
                yield Pod(name, resource.namespace, labels)
        unlabelled = [clients.pods for clients in package.unlabelled_clients]
        for operator_pods in (*package.operator_pods, *unlabelled):
            labels = {INSTANCE: package.name, **operator_pods.labels}
            space = operator_pods.namespace or package.namespace
            yield Pod(f"{package.name}'s {operator_pods.role} in {space}", space, labels)
        for caller in package.ingress:
            yield Pod(f"{caller.name} of {caller.namespace}", caller.namespace, dict(caller.pods))


def _ports(spec: Manifest) -> Iterator[int]:
    for container in (*spec.get("initContainers", ()), *spec["containers"]):
        for port in container.get("ports", ()):
            yield port["containerPort"]


def bound(
    lowered_platform: Lowered, used: BindingsByPod, source: Pod, target: Pod
) -> Iterator[int]:
    """The ports that a pod needs of another, with those of the mesh between them."""
    ports, mesh = set(needs(lowered_platform, used, source, target)), mesh_of(lowered_platform)
    yield from ports
    if mesh is not None and mesh.ambient and ports:
        yield TUNNEL


BindingsByPod = dict[str, list[Binding]]


def bindings_by_pod(lowered_platform: Lowered, pods: Iterable[Pod]) -> BindingsByPod:
    """The bindings that each pod uses, by the name of the pod."""
    return {
        pod.name: [binding for binding in lowered_platform.graph.bindings if _uses(pod, binding)]
        for pod in pods
    }


def needs(
    lowered_platform: Lowered, used: BindingsByPod, source: Pod, target: Pod
) -> Iterator[int]:
    """The ports that a pod needs of another: by a binding, as a peer, or as anyone's DNS."""
    for binding in used[source.name]:
        if _answers(target, binding):
            yield binding.offer.target or binding.offer.port
            yield from binding.offer.further_ports
        for hop in binding.offer.hops:
            if target.namespace == hop.namespace and _has(target, dict(hop.labels)):
                yield from hop.ports
    for package in lowered_platform.packages.values():
        yield from _needs_without_label(package, source, target)
        for peering in package.internal_traffic:
            assert package.instance is not None
            ends = [labels_of(package.instance, end) for end in (peering.client, peering.server)]
            in_namespace = source.namespace == target.namespace == package.namespace
            if in_namespace and _has(source, ends[0]) and _has(target, ends[1]):
                yield from peering.ports
        for caller in package.ingress:
            assert package.instance is not None
            is_caller = source.namespace == caller.namespace and _has(source, dict(caller.pods))
            is_server = _has(target, labels_of(package.instance, caller.server))
            if is_caller and is_server and target.namespace == package.namespace:
                yield from caller.ports


def _needs_without_label(package: Package, source: Pod, target: Pod) -> Iterator[int]:
    for clients in package.unlabelled_clients:
        in_namespace = source.namespace == package.namespace and _has(
            source, dict(clients.pods.labels)
        )
        if in_namespace and _answers(target, clients.binding):
            yield clients.binding.offer.target or clients.binding.offer.port


def anywhere(lowered_platform: Lowered, source: Pod) -> Iterator[int]:
    """Ports of services outside with addresses that the spec leaves open: any address has them."""
    for binding in lowered_platform.graph.bindings:
        if binding.offer.external and not binding.offer.cidrs and _uses(source, binding):
            yield binding.offer.port
    for package in lowered_platform.packages.values():
        for egress in package.egress:
            assert package.instance is not None
            is_client = labels_of(package.instance, egress.client)
            if ANYWHERE in egress.cidrs and _has(source, is_client):
                yield from egress.ports


def _uses(pod: Pod, binding: Binding) -> bool:
    consumer = binding.consumer
    runs = f"uses.{PREFIX}/{consumer.name}-workflows"  # a run has the needs of its maker
    mine = pod.labels.get(INSTANCE) == consumer.name or runs in pod.labels
    if consumer.section == model_store.SECTION:  # the store that a namespace's models share
        model = pod.labels.get("app.kubernetes.io/component") == serving.MODEL
        mine = model and pod.namespace == consumer.namespace
    return mine and pod.labels.get(binding.label) == "true"


def _answers(pod: Pod, binding: Binding) -> bool:
    offer = binding.offer
    labels = dict(offer.pods or selector(binding.provider, offer.role))
    return not offer.external and pod.namespace == binding.provider.namespace and _has(pod, labels)


def _has(pod: Pod, labels: dict[str, str]) -> bool:
    return selects({"matchLabels": labels}, pod.labels)


def ports_of_interest(net: Network, pods: tuple[Pod, ...]) -> list[int]:
    """Every port that a pod opens or a policy names, and another one."""
    actual = {port for pod in pods for port in pod.ports} | {1}
    for policies in net.policies.values():
        for policy in policies:
            for rule in (*policy["spec"].get("ingress", ()), *policy["spec"].get("egress", ())):
                actual |= {port["port"] for port in rule.get("ports", ()) if "port" in port}
    return sorted(actual)


Reach = dict[tuple[str, str], set[int]]


def reached(
    net: Network, lowered_platform: Lowered, pods: tuple[Pod, ...], ports: list[int]
) -> Reach:
    """The targets that each pod can connect to, of the pairs that have an end in the platform."""
    return {
        (source.name, target.name): {port for port in ports if net.connects(source, target, port)}
        for source, target in _pairs(lowered_platform, pods)
    }


def _pairs(lowered_platform: Lowered, pods: tuple[Pod, ...]) -> Iterator[tuple[Pod, Pod]]:
    platform = set(platform_namespaces(lowered_platform))
    for source in pods:
        for target in pods:
            inside = {source.namespace, target.namespace} & platform
            if inside and source is not target and target is not DNS:
                yield source, target


@each_environment
@pytest.mark.parametrize("blocks_cover_pods", [True, False])
def test_reachable_equals_bound(scenario: str, environment: str, blocks_cover_pods: bool) -> None:
    net = network(scenario, environment, blocks_cover_pods=blocks_cover_pods)
    lowered_platform, all_pods = lowered(scenario, environment), pods(scenario, environment)
    actual = reached(net, lowered_platform, all_pods, ports_of_interest(net, all_pods))
    assert len({pod.name for pod in all_pods}) == len(all_pods)
    used = bindings_by_pod(lowered_platform, all_pods)
    expected = {(source.name, target.name): set(bound(lowered_platform, used, source, target))
              for source, target in _pairs(lowered_platform, all_pods)}  # fmt: skip
    if blocks_cover_pods:
        for source, target in _pairs(lowered_platform, all_pods):
            if target.namespace not in platform_namespaces(lowered_platform):
                expected[source.name, target.name] |= set(anywhere(lowered_platform, source))
    assert {pair: ports for pair, ports in actual.items() if ports != expected[pair]} == {}


def test_no_policy_is_idle() -> None:
    """Without any one policy, something else is reachable: so the model looks at all of them."""
    scenario = "minimal"
    environment = compiled(scenario).environments[0]
    net = network(scenario, environment, blocks_cover_pods=False)
    lowered_platform, all_pods = lowered(scenario, environment), pods(scenario, environment)
    ports = ports_of_interest(net, all_pods)
    before = reached(net, lowered_platform, all_pods, ports), _ask_dns(net, all_pods)
    for space, policies in net.policies.items():
        for policy in policies:
            remaining = {
                **net.policies,
                space: [entry for entry in policies if entry is not policy],
            }
            without = replace(net, policies=remaining)
            after = reached(without, lowered_platform, all_pods, ports), _ask_dns(without, all_pods)
            assert before != after, policy["metadata"]["name"]


def _ask_dns(net: Network, pods: tuple[Pod, ...]) -> list[bool]:
    return [net.connects(pod, DNS, 53, "UDP") for pod in pods]


@each_environment
def test_every_pod_can_ask_dns_and_nothing_else_there(scenario: str, environment: str) -> None:
    net = network(scenario, environment, blocks_cover_pods=False)
    platform = platform_namespaces(lowered(scenario, environment))
    for pod in pods(scenario, environment):
        if pod.namespace in platform:
            assert net.connects(pod, DNS, 53, "UDP")
            assert net.connects(pod, DNS, 53)
            assert not net.connects(pod, DNS, 9153)


@each_environment
def test_every_binding_has_a_pod_that_uses_it(scenario: str, environment: str) -> None:
    """A pod lacks a label: then its providers are out of its reach."""
    all_pods = pods(scenario, environment)
    running = {pod.labels.get(INSTANCE) for pod in all_pods}
    idle = [
        f"{binding.consumer.name} -> {binding.provider.name}"
        for binding in lowered(scenario, environment).graph.bindings
        if binding.via is None
        and binding.offer.port
        and binding.consumer.name in running
        and not any(_uses(pod, binding) for pod in all_pods)
    ]
    assert idle == []


@each_environment
def test_outside_is_reached_only_by_those_who_are_bound_to_it(
    scenario: str, environment: str
) -> None:
    net, lowered_platform = network(scenario, environment), lowered(scenario, environment)
    outside = [
        binding
        for binding in lowered_platform.graph.bindings
        if binding.offer.external and binding.offer.cidrs
    ]
    for binding in outside:
        address = binding.offer.cidrs[0].partition("/")[0]
        service = Pod(binding.provider.name, address=address)
        for pod in pods(scenario, environment):
            if pod.namespace not in platform_namespaces(lowered_platform):
                continue
            expected = any(
                _uses(pod, outside_binding)
                for outside_binding in outside
                if outside_binding.provider is binding.provider
            )
            expected |= binding.offer.port in anywhere(
                lowered_platform, pod
            )  # it may go to any address
            reached = net.connects(pod, service, binding.offer.port)
            assert reached == expected, (pod.name, service.name)


@each_environment
def test_policies_do_not_grow_with_clients(scenario: str, environment: str) -> None:
    """One peer for each client namespace, however many clients there are."""
    for manifest in objects(scenario, environment):
        if manifest["kind"] != "NetworkPolicy":
            continue
        for rule in manifest["spec"].get("ingress", ()):
            spaces = [str(peer.get("namespaceSelector")) for peer in rule.get("from", ())]
            assert len(spaces) == len(set(spaces)), manifest["metadata"]["name"]


def allowing(namespaces: list[str], dns: str = "") -> dict[tuple[str, str], Manifest]:
    """The network policies of a platform with a training job in each of some namespaces."""
    jobs = "".join(
        f"    job-{index}: {{image: 'a:1', uses: [mlflow, postgres], namespace: {space}}}\n"
        for index, space in enumerate(namespaces)
    )
    text = (
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: grown}\nspec:\n"
        f"{dns}  components: {{seaweedfs: {{}}, postgres: {{maxConnections: 900}}, mlflow: {{}}}}\n"
        f"  workloads:\n{jobs}"
    )
    result = pipeline.compile(text.encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    actual = manifests(result.lowered["default"])
    policies = [manifest for manifest in actual if manifest["kind"] == "NetworkPolicy"]
    return {
        (policy["metadata"]["namespace"], policy["metadata"]["name"]): policy for policy in policies
    }


def test_clients_more_change_no_policy() -> None:
    assert allowing(["team"] * 12) == allowing(["team"])


def test_a_namespace_more_is_one_peer_more_and_nothing_else() -> None:
    narrow, wide = allowing(["team"]), allowing(["team", "other"])
    assert {space for space, _ in wide.keys() - narrow.keys()} == {"other"}
    for policy_key, policy in narrow.items():
        for rule in wide[policy_key]["spec"].get("ingress", ()):
            rule["from"] = [peer for peer in rule["from"] if "'other'" not in str(peer)]
        assert wide[policy_key] == policy, policy_key


def test_a_nodes_own_cache_of_dns_is_asked_by_its_address() -> None:
    dns = "  cluster: {dns: {addresses: [169.254.20.10/32]}}\n"
    for (_, name), policy in allowing(["team"], dns).items():
        if name == "allow-dns":
            (rule,) = policy["spec"]["egress"]
            assert {"ipBlock": {"cidr": "169.254.20.10/32"}} in rule["to"]
            assert {port["port"] for port in rule["ports"]} == {53}


ADDRESS = re.compile(r"([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.[a-z0-9.-]+?:([0-9]+)")


def named_services(
    template: Template, texts: dict[tuple[str, str], str]
) -> set[tuple[str, str, int]]:
    """Services (name, namespace, port) that a pod's own manifest or its config files name."""
    message = str(template.spec)
    for volume in template.spec.get("volumes", ()):
        name = volume.get("configMap", {}).get("name")
        message += texts.get((template.namespace, name), "")
    return {(name, space, int(port)) for name, space, port in ADDRESS.findall(message)}


@each_environment
def test_every_address_that_a_pod_is_told_is_in_its_reach(scenario: str, environment: str) -> None:
    """The other way round: not from the graph, but from the text of variables and files."""
    manifests, net = objects(scenario, environment), network(scenario, environment)
    named = {(manifest["metadata"]["namespace"], manifest["metadata"]["name"]): manifest
             for manifest in manifests if manifest["kind"] in ("Service", "ConfigMap")}  # fmt: skip
    texts = {key: str(manifest.get("data")) for key, manifest in named.items()}
    for template in templates(scenario, environment):
        source = Pod(template.name, template.namespace, template.labels)
        for name, space, port in named_services(template, texts):
            service = named.get((space, name))
            if service is None or service["kind"] != "Service":
                continue  # an operator's, or one outside
            for target, pod_port in _backends(service, port, pods(scenario, environment)):
                reached = target.labels == source.labels or net.connects(source, target, pod_port)
                assert reached, (source.name, name, port)


def _backends(service: Manifest, port: int, pods: tuple[Pod, ...]) -> Iterator[tuple[Pod, int]]:
    spec, space = service["spec"], service["metadata"]["namespace"]
    targets = [
        service_port.get("targetPort", service_port["port"])
        for service_port in spec["ports"]
        if service_port["port"] == port
    ]
    assert targets, f"{service['metadata']['name']} has no port {port}"
    for pod in pods:
        if pod.namespace == space and "selector" in spec and _has(pod, spec["selector"]):
            yield from ((pod, target) for target in targets)
