"""Build Services, and the egress to the API server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler.kube.labels import metadata, selector
from compiler.model.instance import Instance
from compiler.model.manifest import Manifest
from compiler.model.resource import Egress, Pods, Resource

ANYWHERE = "0.0.0.0/0"
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104  # network policies limit the clients of servers in pods


def service(
    me: Instance[Any], role: str, ports: Mapping[str, int], *, name: str | None = None,
    targets: Mapping[str, int] | None = None,
) -> Resource:  # fmt: skip
    """A ClusterIP Service. Port names start with their protocol, which service meshes read.

    Without a name it gets the instance's. An adopted Service keeps its name, and also answers at the port
    that its clients know.
    """
    if name is None:
        targets = {**ports, **(targets or {})}
        for port, target in _adopted(me, ports, targets):
            ports, targets = {**ports, **port}, {**targets, **target}
    return Resource(_service(me, role, ports, name or me.service, targets, {}))


def headless(
    me: Instance[Any], role: str, ports: Mapping[str, int], *, name: str | None = None
) -> Resource:
    """The Service that gives each pod of a StatefulSet a DNS name, whether it is ready or not."""
    extra = {"clusterIP": "None", "publishNotReadyAddresses": True}
    service_name = name or f"{me.name}-headless"
    return Resource(_service(me, role, ports, service_name, None, extra))


def api_server(me: Instance[Any], pods: Pods, namespace: str | None = None) -> Egress:
    """Egress of pods to the API server: the port of its Service, and 6443, its usual own port."""
    return Egress(pods, me.settings.cluster.api_server or (ANYWHERE,), (443, 6443), namespace)


def _adopted(
    me: Instance[Any], ports: Mapping[str, int], targets: Mapping[str, int]
) -> Iterator[tuple[dict[str, int], dict[str, int]]]:
    """The further port of an adopted Service, and the pods' port behind it, as for the first port."""
    adopted = getattr(me.spec, "adopt", None)
    if adopted and adopted.port and adopted.port not in ports.values():
        name = next(iter(ports))
        yield {f"{name}-adopted": adopted.port}, {f"{name}-adopted": targets[name]}


def _service(
    me: Instance[Any], role: str, ports: Mapping[str, int], name: str | None,
    targets: Mapping[str, int] | None, extra: Manifest,
) -> Manifest:  # fmt: skip
    service_ports = [
        {"name": port, "port": number, "targetPort": (targets or ports)[port]}
        for port, number in ports.items()
    ]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(me, name, role),
        "spec": {**extra, "selector": selector(me, role), "ports": service_ports},
    }
