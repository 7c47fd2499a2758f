"""A stand-in for a cluster behind a gateway: servers that say their names, and the objects around them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from live.platforms import Manifest

CLASSES: list[Manifest] = [
    {
        "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "traefik"},
        "spec": {"controller": "traefik.io/ingress-controller"},
    },
    {
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass",
        "metadata": {"name": "traefik"},
        "spec": {"controllerName": "traefik.io/gateway-controller"},
    },
]  # fmt: skip


class Named(ThreadingHTTPServer):
    """A server that answers each request with its name and the path."""

    def __init__(self, name: str, address: str, port: int) -> None:
        self.name = name
        super().__init__((address, port), Answer)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        assert isinstance(self.server, Named)
        path = self.requestline.split()[1]  # as it was sent: `self.path` has one `/` of several
        body = f"{self.server.name} {path}".encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.do_GET()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Log nothing."""


def service(name: str) -> Manifest:
    """The Service that KServe makes of a model."""
    metadata = {"name": name, "namespace": "mlops"}
    ports = [{"name": "http", "port": 80}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports}}


def with_endpoints(objects: list[Manifest], addresses: Mapping[str, str]) -> Iterator[Manifest]:
    """Each Service with the address of its pod, at the port of the Service."""
    for manifest in objects:
        metadata = manifest["metadata"]
        if manifest["kind"] != "Service" or metadata["name"] not in addresses:
            if manifest["kind"] != "Service":
                yield manifest
            continue
        ports = [{"name": port["name"], "port": port["port"]} for port in manifest["spec"]["ports"]]
        yield {**manifest, "spec": {"ports": ports}}
        yield {
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {
                "name": metadata["name"], "namespace": metadata["namespace"],
                "labels": {"kubernetes.io/service-name": metadata["name"]},
            },
            "endpoints": [
                {"addresses": [addresses[metadata["name"]]], "conditions": {"ready": True}}
            ],
            "ports": ports,
        }  # fmt: skip


def namespace(name: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def certificate(namespace: str, text: str, key: str) -> Manifest:
    return {
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": "edge-tls", "namespace": namespace},
        "stringData": {"tls.crt": text, "tls.key": key},
    }  # fmt: skip
