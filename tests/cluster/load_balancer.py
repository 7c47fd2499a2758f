"""Addresses for Services of type LoadBalancer, as a cluster's load balancer gives them."""

from __future__ import annotations

import json
from threading import Event, Thread
from types import TracebackType
from typing import Any

from cluster.node import Node

NETWORK = (
    "10.201.1"  # in no other network of the node; kube-proxy leads these addresses to the pods
)


class LoadBalancer:
    """Gives one address to each such Service, for as long as the block lasts."""

    def __init__(self, node: Node) -> None:
        self.node, self.addresses, self.over = node, dict[str, str](), Event()
        self.thread = Thread(target=self._work, daemon=True)

    def __enter__(self) -> LoadBalancer:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.over.set()
        self.thread.join()

    def _work(self) -> None:
        while not self.over.wait(2):
            services = self.node.ask("get", "services", "-A", "-o", "json")
            for service in json.loads(services.stdout or '{"items": []}')["items"]:
                if (
                    service["spec"]["type"] == "LoadBalancer"
                    and not service["status"]["loadBalancer"]
                ):
                    self._assign(service["metadata"])

    def _assign(self, service: dict[str, Any]) -> None:
        key = service["uid"]
        address = self.addresses.setdefault(key, f"{NETWORK}.{len(self.addresses) + 1}")
        status = {"status": {"loadBalancer": {"ingress": [{"ip": address}]}}}
        words = ("patch", "service", service["name"], "-n", service["namespace"])
        self.node.ask(*words, "--subresource=status", "-p", json.dumps(status))
