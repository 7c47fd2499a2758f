"""Every reference in the output resolves: Secrets, ConfigMaps, hosts with their ports, policies.

The references are read from the objects as a cluster would read them, and looked up among the
objects and credentials of the same environment. A pod must also reach its providers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from support.cluster import Template, environments, lowered, objects, templates
from support.custom_resources import custom_resources
from support.reachability import Pod, selects
from test_network import network, pods

from compiler.model.manifest import Manifest
from compiler.model.resource import ConfigRef
from compiler.registry import component_of

HOST = re.compile(r"([a-z0-9-]+)\.([a-z0-9-]+)\.svc\b(?:\.[a-z0-9.-]*[a-z0-9])?(?::([0-9]+))?")

each_environment = pytest.mark.parametrize(("scenario", "environment"), environments())

# The pods by which cert-manager proves a host exist for a moment, and are in no object.
SOLVERS = {"matchLabels": {"acme.cert-manager.io/http01-solver": "true"}}


def walk(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of an object with the key that it stands under."""
    yield key, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from walk(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, key)


def name(manifest: Manifest) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


# Secrets and ConfigMaps


@each_environment
def test_every_secret_and_its_key_is_in_the_contract(scenario: str, environment: str) -> None:
    contract = lowered(scenario, environment)
    keys_of_secrets = {
        (space, credential.name): set(credential.keys)
        for credential in (*contract.credentials, *contract.granted)
        for space in credential.namespaces
    }
    references = {"secretKeyRef"}.union(
        *(custom_resource.secret_keys for custom_resource in custom_resources().values())
    )
    for manifest in objects(scenario, environment):
        space = manifest["metadata"].get("namespace")
        for key, value in walk(manifest):
            if key in references and isinstance(value, dict) and not value.get("optional"):
                keys = keys_of_secrets.get((space, value["name"]))
                assert keys is not None, f"{name(manifest)} names Secret {value['name']}"
                assert value.get("key") in {None, *keys}, f"{name(manifest)}: {value}"


@each_environment
def test_every_config_map_and_its_files_exist(scenario: str, environment: str) -> None:
    files_of_configs = (
        {
            (config_manifest["metadata"]["namespace"], config_manifest["metadata"]["name"]): set(
                config_manifest["data"]
            )
            for config_manifest in objects(scenario, environment)
            if config_manifest["kind"] == "ConfigMap"
        }
        | granted(scenario, environment)
        | written_by_users(scenario, environment)
    )
    for manifest in objects(scenario, environment):
        for key, value in walk(manifest):
            if key not in ("configMap", "configMapKeyRef") or not isinstance(value, dict):
                continue
            files = files_of_configs.get((manifest["metadata"].get("namespace"), value["name"]))
            assert files is not None, f"{name(manifest)} names ConfigMap {value['name']}"
            expected = {item["key"] for item in value.get("items", ())}
            assert expected | {value.get("key")} <= {None, *files}, f"{name(manifest)}: {value}"


def granted(scenario: str, environment: str) -> dict[tuple[str, str], set[str]]:
    """The ConfigMaps that Rook 1.20 makes of bucket claims, each under its claim's name."""
    return {
        (manifest["metadata"]["namespace"], manifest["metadata"]["name"]): {
            "BUCKET_HOST", "BUCKET_PORT", "BUCKET_NAME", "BUCKET_REGION", "BUCKET_SUBREGION",
        }
        for manifest in objects(scenario, environment)
        if manifest["kind"] == "ObjectBucketClaim"
    }  # fmt: skip


def written_by_users(scenario: str, environment: str) -> dict[tuple[str, str], set[str]]:
    """The ConfigMaps that workloads mount or authorities are in, and that their author keeps."""
    lowered_platform = lowered(scenario, environment)
    instances = lowered_platform.graph.instances.values()
    authorities = {
        (binding.consumer.namespace, authority.source.name): {authority.source.key}
        for binding in lowered_platform.graph.bindings
        if (authority := binding.offer.ca) and isinstance(authority.source, ConfigRef)
    }
    return authorities | {
        (workload.namespace, mount.config_map): set()
        for workload in instances
        if workload.section == "workloads"
        for mount in workload.spec.volumes.values()
        if mount.config_map
    }


@each_environment
def test_what_a_server_grants_is_read_where_it_grants_it(scenario: str, environment: str) -> None:
    claims = granted(scenario, environment)
    servers = [
        grant for grant in lowered(scenario, environment).granted if grant.created_by != "you"
    ]
    for server in servers:
        assert [(space, server.name) in claims for space in server.namespaces] == [True]


@each_environment
def test_every_variable_is_declared_before_it_is_read(scenario: str, environment: str) -> None:
    for template in templates(scenario, environment):
        for container in template.containers():
            declared: set[str] = set()
            for variable in container.get("env", ()):
                read = set(re.findall(r"(?<!\$)\$\(([A-Za-z_]\w*)\)", variable.get("value", "")))
                assert read <= declared, f"{template.name}: {variable['name']}"
                declared.add(variable["name"])


# Hosts


@cache
def services(scenario: str, environment: str) -> dict[tuple[str, str], set[int]]:
    """Every Service and its ports: the platform's, and those that operators make for it."""
    actual: dict[tuple[str, str], set[int]] = {}
    for manifest in objects(scenario, environment):
        for service, port in serving_ports(manifest):
            actual[service, manifest["metadata"]["namespace"]] = {port}
        if manifest["kind"] == "Service":
            ports = {port["port"] for port in manifest["spec"].get("ports", ())}
            actual[manifest["metadata"]["name"], manifest["metadata"]["namespace"]] = ports
    for binding in lowered(scenario, environment).graph.bindings:
        provider, offer = binding.provider, binding.offer
        if offer.pods and not offer.external:
            key = (offer.service or provider.name, provider.namespace)
            actual.setdefault(key, set()).add(offer.port)
    return actual


def serving_ports(manifest: Manifest) -> Iterator[tuple[str, int]]:
    """The Services that KServe 0.20 and Seldon Core 1.17 make of a model, by their own naming."""
    name = manifest["metadata"]["name"]
    if manifest["kind"] == "InferenceService":
        yield from ((f"{name}-{component}", 80) for component in manifest["spec"])
    if manifest["kind"] == "SeldonDeployment":
        for predictor in manifest["spec"]["predictors"]:
            yield f"{name}-{predictor['name']}", 8000


@cache
def upstream(scenario: str, environment: str) -> frozenset[str]:
    """Namespaces of systems that are installed beforehand: its Services are not ours to know."""
    lowered_platform = lowered(scenario, environment)
    actual = {"default"}  # the API server's Service
    for instance in lowered_platform.graph.instances.values():
        prerequisite = component_of(instance).prerequisites(
            instance, lowered_platform.graph.wiring(instance.name)
        )
        actual |= set(prerequisite.namespaces) if prerequisite else set()
    return frozenset(actual)


def hosts(text: str) -> Iterator[tuple[str, str, int | None]]:
    for service, space, port in HOST.findall(text):
        yield service, space, int(port) if port else None


@each_environment
def test_every_host_is_a_service_with_that_port(scenario: str, environment: str) -> None:
    services_by_host = services(scenario, environment)
    beyond = upstream(scenario, environment)
    for manifest in objects(scenario, environment):
        for _, value in walk(manifest):
            for service, space, port in hosts(value) if isinstance(value, str) else ():
                if space in beyond and (service, space) not in services_by_host:
                    continue
                ports = services_by_host.get((service, space))
                assert ports is not None, f"{name(manifest)} speaks of {service}.{space}"
                assert port is None or port in ports, f"{name(manifest)}: {service}:{port}"


def texts_of(template: Template, files: dict[tuple[str, str], str]) -> str:
    """All text that a pod's containers are given: variables, arguments and mounted files."""
    mounted = [
        files.get((template.namespace, volume["configMap"]["name"]), "")
        for volume in template.spec.get("volumes", ())
        if "configMap" in volume
    ]
    addresses = [
        str(value)
        for container in template.containers()
        for key in ("command", "args", "env")
        for _, value in walk(container.get(key, []))
        if isinstance(value, str)
    ]
    return "\n".join([*addresses, *mounted])


@each_environment
def test_what_a_pod_is_told_of_it_reaches(scenario: str, environment: str) -> None:
    net = network(scenario, environment, blocks_cover_pods=False)
    all_pods = pods(scenario, environment)
    files = {
        (manifest["metadata"]["namespace"], manifest["metadata"]["name"]): "\n".join(
            manifest["data"].values()
        )
        for manifest in objects(scenario, environment)
        if manifest["kind"] == "ConfigMap"
    }
    for template in templates(scenario, environment):
        source = next(pod for pod in all_pods if pod.name == template.name)
        for service, space, port in set(hosts(texts_of(template, files))):
            ends = targets(scenario, environment, service, space, port)
            for labels, ports in ends:
                target_pods = [
                    pod for pod in all_pods
                    if pod.namespace == space and selects({"matchLabels": labels}, pod.labels)
                ]  # fmt: skip
                reached = source in target_pods or any(
                    net.connects(source, pod, port) for pod in target_pods for port in ports
                )
                assert reached, f"{template.name} cannot reach {service}.{space}:{port}"


def targets(
    scenario: str, environment: str, service: str, space: str, port: int | None
) -> Iterator[tuple[dict[str, str], set[int]]]:
    """The pods behind a Service by their labels, and the ports on them that one port leads to."""
    for manifest in objects(scenario, environment):
        metadata = manifest["metadata"]
        if manifest["kind"] == "Service" and (metadata["name"], metadata["namespace"]) == (
            service,
            space,
        ):
            ports = manifest["spec"].get("ports", ())
            expected = {service_port.get("targetPort", service_port["port"]) for service_port in ports
                      if port in (None, service_port["port"])}  # fmt: skip
            if manifest["spec"].get("selector"):
                yield manifest["spec"]["selector"], expected
    for binding in lowered(scenario, environment).graph.bindings:
        offer, provider = binding.offer, binding.provider
        named = (offer.service or provider.name, provider.namespace)
        if offer.pods and not offer.external and named == (service, space):
            yield dict(offer.pods), {offer.target or offer.port}


# Policies, Services and workloads: their selections


@each_environment
def test_every_policy_and_service_selects_a_pod(scenario: str, environment: str) -> None:
    all_pods = pods(scenario, environment)
    for manifest in objects(scenario, environment):
        spec, space = manifest.get("spec", {}), manifest["metadata"].get("namespace")
        if manifest["kind"] == "NetworkPolicy":
            selector = spec["podSelector"]
            assert selector == SOLVERS or _selected(all_pods, space, selector), name(manifest)
        elif manifest["kind"] == "Service" and spec.get("selector"):
            assert _selected(all_pods, space, {"matchLabels": spec["selector"]}), name(manifest)


def _selected(pods: tuple[Pod, ...], space: str, selector: Manifest) -> bool:
    return any(pod.namespace == space and selects(selector, pod.labels) for pod in pods)
