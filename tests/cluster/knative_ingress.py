"""A stand-in for net-istio, which cannot be fetched: Knative's Ingresses as Istio's VirtualServices.

For each rule one VirtualService on the gateway of its visibility, with the split of requests and the
headers that an Ingress asks for; then the status that Knative's route controller waits for. net-istio
does more, such as probing each gateway before it reports: nothing here says that net-istio runs.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from threading import Event, Thread
from types import TracebackType
from typing import Any

from cluster.node import Manifest, Node

GATEWAYS = {
    "ClusterLocal": "knative-serving/knative-local-gateway",
    "ExternalIP": "knative-serving/knative-ingress-gateway",
}
SERVICES = {
    "privateLoadBalancer": "knative-local-gateway.istio-system.svc.cluster.local",
    "publicLoadBalancer": "istio-ingressgateway.istio-system.svc.cluster.local",
}


class KnativeIngress:
    """Serves the Ingresses of a node for as long as the block lasts."""

    def __init__(self, node: Node) -> None:
        self.node, self.seen, self.over = node, set[tuple[str, int]](), Event()
        self.thread = Thread(target=self._work, daemon=True)

    def __enter__(self) -> KnativeIngress:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.over.set()
        self.thread.join()

    def _work(self) -> None:
        while not self.over.wait(1):
            listed = self.node.ask(
                "get", "ingresses.networking.internal.knative.dev", "-A", "-o", "json"
            )
            if listed.returncode:
                continue  # its definition is not there yet
            for ingress in json.loads(listed.stdout)["items"]:
                metadata = ingress["metadata"]
                version = (metadata["uid"], metadata["generation"])
                if version not in self.seen and self._serve(ingress):
                    self.seen.add(version)

    def _serve(self, ingress: Manifest) -> bool:
        metadata = ingress["metadata"]
        text = json.dumps(
            {"apiVersion": "v1", "kind": "List", "items": list(virtual_services(ingress))}
        )
        apply = ("apply", "--server-side", "--force-conflicts", "-f", "-")
        patch = ("patch", "ingresses.networking.internal.knative.dev", metadata["name"],
                 "-n", metadata["namespace"], "--subresource=status", "--type=merge",
                 "-p", json.dumps({"status": status(metadata["generation"])}))  # fmt: skip
        return self._done(*apply, stdin=text) and self._done(*patch)

    def _done(self, *words: str, stdin: str = "") -> bool:
        """Whether kubectl succeeded; a refusal is shown where the test fails."""
        result = self.node.ask(*words, stdin=stdin)
        if result.returncode:
            print(result.stderr)
        return result.returncode == 0


def virtual_services(ingress: Manifest) -> list[Manifest]:
    metadata = ingress["metadata"]
    owner = {key: metadata[key] for key in ("name", "uid")}
    owner |= {"apiVersion": ingress["apiVersion"], "kind": "Ingress", "controller": True}
    return [
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": "VirtualService",
            "metadata": {
                "name": f"{metadata['name']}-{number}",
                "namespace": metadata["namespace"],
                "ownerReferences": [owner],
            },
            "spec": {
                "hosts": rule["hosts"],
                "gateways": [GATEWAYS[rule.get("visibility", "ExternalIP")]],
                "http": [_path(path) for path in rule["http"]["paths"]],
            },
        }
        for number, rule in enumerate(ingress["spec"]["rules"])
    ]


def _path(path: dict[str, Any]) -> dict[str, Any]:
    matched = {name: {"exact": match["exact"]} for name, match in path.get("headers", {}).items()}
    route: dict[str, Any] = {"route": [_split(split) for split in path["splits"]]}
    if matched:
        route["match"] = [{"headers": matched}]
    if "rewriteHost" in path:
        route["rewrite"] = {"authority": path["rewriteHost"]}
    if path.get("appendHeaders"):
        route["headers"] = {"request": {"set": path["appendHeaders"]}}
    return route


def _split(split: dict[str, Any]) -> dict[str, Any]:
    host = f"{split['serviceName']}.{split['serviceNamespace']}.svc.cluster.local"
    return {
        "destination": {"host": host, "port": {"number": split["servicePort"]}},
        "weight": split.get("percent", 100),
        "headers": {"request": {"set": split.get("appendHeaders", {})}},
    }


def status(generation: int) -> dict[str, Any]:
    balancers = {name: {"ingress": [{"domainInternal": host}]} for name, host in SERVICES.items()}
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    conditions = [
        {"type": kind, "status": "True", "lastTransitionTime": now}
        for kind in ("LoadBalancerReady", "NetworkConfigured", "Ready")
    ]
    return {"observedGeneration": generation, "conditions": conditions, **balancers}
