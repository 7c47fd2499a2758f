"""Service entries: services outside the platform by host and port, so that the mesh routes to them."""

from __future__ import annotations

from collections import defaultdict
from ipaddress import ip_address

from msgspec.structs import replace

from compiler.derive.mesh import mesh_of
from compiler.derive.packages import extended
from compiler.diagnostics import Report
from compiler.interfaces.istio import service_entry
from compiler.lower import dotted
from compiler.model.binding import Binding
from compiler.model.package import Lowered, Package
from compiler.model.resource import Manifest, Resource
from compiler.registry import component_of

# The mesh's protocol for an offer's scheme; an offer without a scheme is plain TCP.
_PROTOCOLS = {"http": "HTTP", "https": "TLS"}


def derive(lowered: Lowered, report: Report) -> Lowered:
    if mesh_of(lowered) is None:
        return lowered
    outside: dict[str, list[Binding]] = defaultdict(list)
    for binding in lowered.graph.bindings:
        if binding.offer.external:
            outside[binding.provider.name].append(binding)
    packages = dict(lowered.packages)
    for name, bindings in sorted(outside.items()):
        provider = bindings[0].provider
        package = packages.get(name) or Package(
            name, dotted(provider.path), component_of(provider).PHASE, provider.namespace,
            instance=provider,
        )  # fmt: skip
        packages[name] = extended(package, [_entry(bindings)])
    return replace(lowered, packages=dict(sorted(packages.items())))


def _entry(bindings: list[Binding]) -> Resource:
    provider, host = bindings[0].provider, bindings[0].host
    ports = {binding.offer.port: _port(binding) for binding in bindings}
    spec: Manifest = {
        "exportTo": sorted({binding.consumer.namespace for binding in bindings}),
        "hosts": [host],
        "location": "MESH_EXTERNAL",
        "ports": [ports[number] for number in sorted(ports)],
        "resolution": "DNS",
    }
    if _is_address(host):
        # An entry must have a host name; for an address, a made-up one serves, and the address matches the traffic.
        spec |= {"addresses": [host], "hosts": [f"{provider.name}.external"], "resolution": "NONE"}
    return service_entry(provider.name, provider.namespace, dict(sorted(spec.items())))


def _port(binding: Binding) -> Manifest:
    protocol = _PROTOCOLS.get(getattr(binding.offer, "scheme", ""), "TCP")
    interface = binding.provides.endpoint.interface
    return {
        "name": f"{protocol.lower()}-{interface}",
        "number": binding.offer.port,
        "protocol": protocol,
    }


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
