"""Write the platform's namespaces: pods must be `restricted`, and only derived traffic is allowed."""

from __future__ import annotations

from msgspec.structs import replace

from compiler.derive.network_policies import upstream_namespaces
from compiler.diagnostics import Report
from compiler.kube.network_policy import peer, policy
from compiler.model.manifest import Manifest
from compiler.model.package import NAMESPACES, Lowered, Package
from compiler.model.resource import Phase, Resource
from compiler.spec.settings import Dns, Settings

# Namespaces of the cluster, which platformc does not create or label.
RESERVED = ("default", "kube-system", "kube-public", "kube-node-lease")
LEVEL = "restricted"
ENFORCE = "pod-security.kubernetes.io/enforce"


def derive(lowered: Lowered, report: Report) -> Lowered:
    spaces = platform_namespaces(lowered)
    settings = lowered.platform.settings
    resources = [resource for space in spaces for resource in _namespace(space, settings)]
    package = Package(NAMESPACES, "spec", Phase.NAMESPACES, "", tuple(resources))
    return replace(lowered, packages={NAMESPACES: package, **lowered.packages})


def platform_namespaces(lowered: Lowered) -> tuple[str, ...]:
    """The namespaces with objects of the platform, without namespaces of operators."""
    foreign = upstream_namespaces(lowered)
    namespaces: set[str] = set()
    for package in lowered.packages.values():
        namespaces |= {resource.namespace for resource in package.resources}
        namespaces |= {config.namespace for config in package.configs}
    return tuple(sorted(namespaces - foreign - {"", *RESERVED}))


def _namespace(name: str, settings: Settings) -> tuple[Resource, ...]:
    levels = {f"pod-security.kubernetes.io/{mode}": LEVEL for mode in ("audit", "enforce", "warn")}
    namespace: Manifest = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": levels},
    }
    return (
        Resource(namespace),
        policy("default-deny", name, {}, ingress=[], egress=[]),
        policy("allow-dns", name, {}, egress=[_dns_egress(settings.cluster.dns)]),
    )


def _dns_egress(dns: Dns) -> Manifest:
    """Egress to the cluster's DNS pods, and to the nodes' own caches, which no label selects."""
    pods = peer(dns.namespace, {"matchLabels": dict(sorted(dns.labels.items()))})
    caches = [{"ipBlock": {"cidr": address}} for address in dns.addresses]
    ports = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    return {"to": [pods, *caches], "ports": ports}
