"""A cluster's API server in the network of pods, and the tokens of their ServiceAccounts.

As a kubelet has it: the variables of the Service `kubernetes`, three files where a pod wants them, and
projected tokens for other audiences. The rights are those that the cluster's own objects give.
"""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from live.pods import network
from live.pods.netns import Netns
from live.pods.objects import Manifest
from live.pods.relay import relay

FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
PORT = 443


class Cluster(Protocol):
    """The parts of a control plane that pods meet."""

    address: str

    @property
    def certificate(self) -> Path: ...

    def kubectl(self, *arguments: str) -> str: ...


class Accounts:
    """The ServiceAccounts of a cluster that the pods of a node may ask."""

    def __init__(self, cluster: Cluster, node: Netns) -> None:
        self._cluster = cluster
        network.add_service_address(node, cluster.address)
        with ThreadPoolExecutor(1) as pool:  # its thread alone goes to the node's network
            server = pool.submit(_listen, node, cluster.address).result()
        relay(server, (cluster.address, PORT))

    def variables(self) -> dict[str, str]:
        return {
            "KUBERNETES_SERVICE_HOST": self._cluster.address,
            "KUBERNETES_SERVICE_PORT": str(PORT),
        }

    def token(self, namespace: str, pod: Manifest, audience: str = "") -> bytes:
        """A new token of a pod's account."""
        account = pod.get("serviceAccountName", "default")
        words = [f"--audience={audience}"] if audience else []
        return self._cluster.kubectl("create", "token", account, "-n", namespace, *words).encode()

    def files(self, folder: Path, namespace: str, pod: Manifest) -> Path:
        """The files by which a program in a pod finds the API server."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "token").write_bytes(self.token(namespace, pod))
        (folder / "ca.crt").write_bytes(self._cluster.certificate.read_bytes())
        (folder / "namespace").write_text(namespace)
        return folder


def _listen(node: Netns, address: str) -> socket.socket:
    node.enter()
    return socket.create_server((address, PORT), backlog=128)
