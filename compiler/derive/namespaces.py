"""The platform's namespaces, each once: `restricted` pods, and no traffic but what is derived."""

from __future__ import annotations

from msgspec.structs import replace

from compiler.derive.network_policies import policy, upstream_namespaces
from compiler.diagnostics import Report
from compiler.model.package import Lowered, Package
from compiler.model.resource import Manifest, Phase, Resource
from compiler.spec.settings import Dns, Settings

NAME = "namespaces"
# The cluster's own, which exist and are not ours to label.
RESERVED = ("default", "kube-system", "kube-public", "kube-node-lease")
LEVEL = "restricted"


def derive(lowered: Lowered, report: Report) -> Lowered:
    spaces = platform_namespaces(lowered)
    settings = lowered.platform.settings
    resources = [one for space in spaces for one in _namespace(space, settings)]
    package = Package(NAME, "spec", Phase.NAMESPACES, "", tuple(resources))
    return replace(lowered, packages={NAME: package, **lowered.packages})


def platform_namespaces(lowered: Lowered) -> tuple[str, ...]:
    """Namespaces that hold objects of the platform, but for those where an operator lives."""
    foreign = upstream_namespaces(lowered)
    found: set[str] = set()
    for package in lowered.packages.values():
        found |= {resource.namespace for resource in package.resources}
        found |= {config.namespace for config in package.configs}
    return tuple(sorted(found - foreign - {"", *RESERVED}))


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
        policy("allow-dns", name, {}, egress=[_ask(settings.cluster.dns)]),
    )


def _ask(dns: Dns) -> Manifest:
    """The cluster's DNS pods, and the nodes' own caches, which no label selects."""
    pods = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": dns.namespace}},
        "podSelector": {"matchLabels": dict(sorted(dns.labels.items()))},
    }
    caches = [{"ipBlock": {"cidr": address}} for address in dns.addresses]
    ports = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    return {"to": [pods, *caches], "ports": ports}
