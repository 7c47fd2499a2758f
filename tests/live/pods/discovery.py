"""How pods find each other: an address for each Service, their names in DNS, and the pods that answered each client."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from live.pods import network, services
from live.pods.netns import Netns
from live.pods.objects import Manifest, Objects
from live.pods.pod import Pod


class Discovery:
    """The Services of a node, and the names that its pods know."""

    def __init__(
        self, folder: Path, node: Netns, range: str, objects: Objects, pods: Callable[[], list[Pod]]
    ) -> None:
        self.folder = folder
        self.network = node
        self.range = range
        self.objects = objects
        self.pods = pods
        self.forwarder = services.Forwarder(node)
        self.lock = threading.RLock()
        self.addresses: dict[tuple[str, str], str] = {}
        self.by_address: dict[str, Pod] = {}  # also pods that are gone

    # Services ----------------------------------------------------------------------------------

    def add(self, namespace: str, name: str) -> None:
        if (namespace, name) not in self.addresses:
            address = network.service_address(len(self.addresses) + 1, self.range)
            self.addresses[namespace, name] = address
            network.add_service_address(self.network, address)

    def expose(self, namespace: str, name: str, service: Manifest) -> dict[str, str]:
        """The names in DNS of a Service that stands next to all others, and leads where it says."""
        service_name = services.names(name, namespace)[0]
        if service["spec"].get("clusterIP") == "None":
            pods = {
                f"{pod.hostname}.{service_name}": pod for pod in self._endpoints(namespace, service)
            }
            actual = {title: pod.address for title, pod in pods.items()}
            return actual | {service_name: next(iter(actual.values()), "")}
        title = f"{name}-{len(self.addresses)}"
        self.add(namespace, title)
        address = self.addresses[namespace, title]
        for port in service["spec"]["ports"]:
            self.forwarder.set(address, port["port"], self._backends(namespace, service, port))
        return {service_name: address}

    def changed(self) -> None:
        """A pod became ready or is so no more: Services follow."""
        with self.lock:
            for namespace, name, service in self.objects.of("Service"):
                if service["spec"].get("clusterIP") == "None":
                    continue
                for port in service["spec"].get("ports", ()):
                    backends = self._backends(namespace, service, port)
                    self.forwarder.set(self.addresses[namespace, name], port["port"], backends)

    def _backends(self, namespace: str, service: Manifest, port: Manifest) -> services.Backends:
        def backends() -> list[tuple[str, int]]:
            actual = []
            for pod in self._endpoints(namespace, service):
                target = services.target_port(port, pod.spec)
                if pod.ready and target is not None:
                    actual.append((pod.address, target))
            return actual

        return backends

    def _endpoints(self, namespace: str, service: Manifest) -> list[Pod]:
        return [
            pod
            for pod in self.pods()
            if pod.namespace == namespace and services.selects(service, pod.labels)
        ]

    # Names in DNS ------------------------------------------------------------------------------

    def hosts_file(self, namespace: str) -> Path:
        path = self.folder / namespace
        if not path.exists():
            self.write_hosts()
        return path

    def hosts_with(self, pod: Pod, instead: Mapping[str, str]) -> Path:
        """The names of a pod's namespace, some of them with another address."""
        lines = self.hosts_file(pod.namespace).read_text().splitlines()
        unchanged = [line for line in lines if not set(instead) & set(line.split()[1:])]
        path = self.folder / f"of-{pod.index}"
        replacements = [f"{address} {name}" for name, address in instead.items() if address]
        path.write_text("\n".join([*unchanged, *replacements, ""]))
        return path

    def write_hosts(self) -> None:
        """Cluster DNS as files, one for each namespace: short names are of its Services."""
        with self.lock:
            spaces = {pod.namespace for pod in self.pods()}
            for space in spaces:
                path = self.folder / space
                path.parent.mkdir(parents=True, exist_ok=True)
                text = "".join(f"{line}\n" for line in self._hosts(space))
                _overwrite(path, text.encode())

    def _hosts(self, space: str) -> Iterable[str]:
        yield "127.0.0.1 localhost"
        for pod in self.pods():
            if pod.namespace == space:
                yield f"{pod.address} {pod.hostname}"
        for namespace, name, service in self.objects.of("Service"):
            service_names = services.names(name, namespace) + [name] * (namespace == space)
            if service["spec"].get("clusterIP") != "None":
                yield f"{self.addresses[namespace, name]} {' '.join(service_names)}"
                continue
            for pod in self._endpoints(namespace, service):
                pod_names = " ".join(f"{pod.hostname}.{form}" for form in service_names)
                yield f"{pod.address} {' '.join(service_names)} {pod_names}"

    # Connections -------------------------------------------------------------------------------

    def conversations(self) -> set[tuple[str, str, int]]:
        """The pods that had an answer from which Service, by its DNS name, on which port."""
        hosts = {
            address: services.names(name, namespace)[0]
            for (namespace, name), address in self.addresses.items()
        }
        return {
            (
                self.by_address[client].labels.get("app.kubernetes.io/instance", ""),
                hosts[address],
                port,
            )
            for client, address, port in set(self.forwarder.answered)
            if client in self.by_address
        }

    def connections(self) -> Iterator[tuple[Pod, Pod, int]]:
        """Which pod had an answer from which, on which port of that one."""
        behind = {self.addresses[space, name]: (space, service)
                  for space, name, service in self.objects.of("Service")}  # fmt: skip
        for client, address, port in sorted(self.forwarder.answered):
            if client in self.by_address and address in behind:
                space, service = behind[address]
                message = next(
                    declared_port
                    for declared_port in service["spec"]["ports"]
                    if declared_port["port"] == port
                )
                for pod in self._endpoints(space, service):
                    target = services.target_port(message, pod.spec)
                    assert target is not None
                    yield self.by_address[client], pod, target

    def close(self) -> None:
        self.forwarder.close()


def _overwrite(path: Path, data: bytes) -> None:
    """In place, since running pods have this very file as their /etc/hosts, and at no moment empty,
    since they read it at any."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        os.pwrite(handle, data, 0)
        os.ftruncate(handle, len(data))
    finally:
        os.close(handle)
