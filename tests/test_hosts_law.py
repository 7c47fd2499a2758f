"""Every host in any output answers there: a route of the gateway by its scheme, or a Service by its port."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from support.cluster import environments, lowered, objects

from compiler.delivery.client_kit import in_pod, kit, on_laptop
from compiler.interfaces import gateway
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered

Service = tuple[str, str, int]  # its name, namespace and port

ROUTES = ("HTTPRoute", "Ingress", "VirtualService")
# Objects that declare hosts of the gateway; all others name hosts to ask.
LISTENERS = (*ROUTES, "Certificate", "Gateway", "ServiceEntry")
PORT = r"(?::([0-9]+))?"
FORWARD = re.compile(
    r"--namespace (\S+) port-forward service/(\S+) (\d+):(\d+)\n((?:# .*`127\.0\.0\.1 .*\n)*)"
)
NAMED = re.compile(r"`127\.0\.0\.1 ([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.")
API_SERVER = ("kubernetes", "default", 443)  # of every cluster


def texts(value: Any) -> Iterator[str]:
    """Every text in an object, keys of maps included."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from (key, *texts(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


def outputs(result: Lowered, manifests: list[Manifest]) -> Iterator[str]:
    """The texts of all objects, and the lines that `client-kit` and `env` print for each program."""
    for manifest in manifests:
        if manifest["kind"] not in LISTENERS:
            yield from texts(manifest)
    for name, instance in result.graph.instances.items():
        if instance.section in ("workloads", "models") and name in result.platform.instances:
            wiring = result.graph.wiring(name)
            yield from (*kit(instance, wiring, "main").values(), *in_pod(instance, wiring))
            yield from on_laptop(instance, wiring)


def routed(result: Lowered, manifests: list[Manifest]) -> dict[str, str]:
    """The hosts that the gateway routes, each with its scheme."""
    offers = [offer for slots in result.graph.offers.values() for offer in slots.values()]
    scheme = next((offer.scheme for offer in offers if isinstance(offer, gateway.Offer)), "http")
    routes = [manifest["spec"] for manifest in manifests if manifest["kind"] in ROUTES]
    hosts = [
        host for spec in routes for host in (*spec.get("hosts", ()), *spec.get("hostnames", ()))
    ]
    hosts += [rule["host"] for spec in routes for rule in spec.get("rules", ()) if "host" in rule]
    return dict.fromkeys(hosts, scheme)


def answered(result: Lowered, manifests: list[Manifest]) -> set[Service]:
    """Each Service: compiled, or one that an operator makes of a binding."""
    compiled = {
        (manifest["metadata"]["name"], manifest["metadata"]["namespace"], int(port["port"]))
        for manifest in manifests if manifest["kind"] == "Service"
        for port in manifest["spec"].get("ports", ())
    }  # fmt: skip
    targets = set()
    for binding in result.graph.bindings:
        entrance = [binding.offer.entrance] if binding.offer.entrance else []
        for host, port in [(binding.host, binding.offer.port), *entrance]:
            service, namespace = (*host.split("."), "")[:2]
            if (service, namespace) not in {pair[:2] for pair in compiled}:
                targets.add((service, namespace, int(port)))
    return compiled | targets | {API_SERVER}


def forwarded(lines: Iterable[str], services: set[Service]) -> set[Service]:
    """The ports on a laptop that lead to a Service: a server with a certificate, or behind a Service that
    knows it by its name, is asked by its name there.
    """
    commands = set(FORWARD.findall("\n".join(lines)))
    return {
        (*name, int(local))
        for space, service, local, port, names in commands
        if (service, space, int(port)) in services
        for name in ((service, space), *NAMED.findall(names))
    }


@pytest.mark.parametrize(("scenario", "environment"), environments())
def test_a_host_below_the_domain_is_routed_by_its_scheme(scenario: str, environment: str) -> None:
    result, manifests = lowered(scenario, environment), objects(scenario, environment)
    hosts = routed(result, manifests)
    written = "\n".join(texts(result.platform.document.plain()))  # hosts that the user answers for
    domain = re.escape(result.platform.settings.domain)
    named = re.compile(rf"(?:(https?)://)?((?:[a-z0-9-]+\.)+{domain})(?![\w.-])")
    wrong = {
        (scheme, host)
        for text in outputs(result, manifests)
        for scheme, host in named.findall(text)
        if host not in written and (host not in hosts or scheme not in ("", hosts[host]))
    }
    assert wrong == set()


@pytest.mark.parametrize(("scenario", "environment"), environments())
def test_a_host_inside_the_cluster_is_a_service_with_that_port(
    scenario: str, environment: str
) -> None:
    result, manifests = lowered(scenario, environment), objects(scenario, environment)
    services = answered(result, manifests)
    lines = list(outputs(result, manifests))
    services |= forwarded(lines, services)
    names = {(service, space) for service, space, _ in services}
    named = re.compile(rf"(?<![\w.-])([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.[a-z0-9.-]+)?{PORT}")
    wrong = {
        (service, space, port)
        for text in lines
        for service, space, port in named.findall(text)
        if (service, space) not in names or (port and (service, space, int(port)) not in services)
    }
    assert wrong == set()
