"""Write service entries: the mesh routes to services outside the platform by their hosts and ports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from ipaddress import ip_address

from msgspec.structs import replace

from compiler.derive.mesh import mesh_of
from compiler.derive.packages import extended
from compiler.diagnostics import Report
from compiler.interfaces.istio import service_entry
from compiler.lower import package_of
from compiler.model.binding import Binding, Offer
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered
from compiler.model.resource import Resource

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
        package = packages.get(name) or package_of(provider, ())
        packages[name] = extended(package, [_entry(bindings)])
    return replace(lowered, packages=dict(sorted(packages.items())))


def _entry(bindings: list[Binding]) -> Resource:
    """The entry for all bindings to one service outside."""
    provider, offer = bindings[0].provider, bindings[0].offer
    ports = {number: _port(binding, number) for binding in bindings for number in _numbers(binding)}
    spec: Manifest = {
        **_destination(provider.name, offer, offer.hosts or (bindings[0].host,)),
        "exportTo": sorted({binding.consumer.namespace for binding in bindings}),
        "location": "MESH_EXTERNAL",
        "ports": [ports[number] for number in sorted(ports)],
    }
    return service_entry(provider.name, provider.namespace, dict(sorted(spec.items())))


def _destination(name: str, offer: Offer, hosts: Sequence[str]) -> Manifest:
    """The hosts, by DNS. Without DNS, the proxy passes a connection on to the address that it has.

    An entry must have a host name; where addresses match the traffic, a made-up one serves.
    """
    if offer.subdomains:  # Envoy cannot look up a name with an asterisk
        return {"hosts": [*sorted(hosts), f"*.{hosts[0]}"], "resolution": "NONE"}
    addresses = [host for host in hosts if _is_address(host)]
    if not addresses and not offer.redirects:
        return {"hosts": sorted(hosts), "resolution": "DNS"}
    passing: Manifest = {"hosts": [f"{name}.external"], "resolution": "NONE"}
    matched = list(offer.cidrs) if offer.redirects else addresses
    return {**passing, "addresses": matched} if matched else passing


def _numbers(binding: Binding) -> tuple[int, ...]:
    return (binding.offer.port, *binding.offer.further_ports)


def _port(binding: Binding, number: int) -> Manifest:
    protocol = _PROTOCOLS.get(getattr(binding.offer, "scheme", ""), "TCP")
    interface = binding.provides.endpoint.interface
    suffix = "" if number == binding.offer.port else f"-{number}"
    return {
        "name": f"{protocol.lower()}-{interface}{suffix}",
        "number": number,
        "protocol": protocol,
    }


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
