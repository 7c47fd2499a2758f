"""Seldon Core's operator next to a control plane: its reconciler, and its webhook, which the API server asks.

The program is of 1.19.0, the nearest release that can be had as a Go module. Its code for the objects
below is that of 1.17.1: seldondeployment_engine.go, model_initializer_injector.go,
seldondeployment_prepackaged_servers.go and ValidateSeldonDeployment are the same, and the controller
differs in log levels and in a field of VirtualServices that the platform switches off.
"""

from __future__ import annotations

import socket
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from live.control_plane import ControlPlane
from live.platforms import Manifest
from live.pods.images import HOME

PROGRAM, FILES = HOME / "bin/seldon", HOME / "seldon"
NAMESPACE = "seldon-system"
# The values of the chart of 1.17.1 that differ from the operator's own configuration, which the chart is
# made of; and the namespace, which is a field reference there.
CHART = {
    "AMBASSADOR_ENABLED": "false",
    "DEFAULT_USER_ID": "8888",
    "EXECUTOR_CONTAINER_IMAGE_AND_VERSION": "docker.io/seldonio/seldon-core-executor:1.17.1",
    "EXECUTOR_DEFAULT_CPU_LIMIT": "500m",
    "EXECUTOR_DEFAULT_CPU_REQUEST": "500m",
    "POD_NAMESPACE": NAMESPACE,
}


def start(plane: ControlPlane) -> None:
    """The operator with its ConfigMap, and the webhook's registration, as the chart installs them."""
    place, port = plane.place, _free_port(plane.address)
    plane.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}])
    plane.apply([_config_map()])
    authority = _certificate(place / "k8s-webhook-server/serving-certs", plane.address)
    variables = [f"{name}={text}" for name, text in _variables().items()]
    plane.start(
        "seldon", "env", f"TMPDIR={place}", *variables, PROGRAM, f"--webhook-port={port}",
        f"--metrics-addr={plane.address}:0",
    )  # fmt: skip
    plane.apply([_registration(f"https://{plane.address}:{port}", authority)])
    plane.until(lambda: _listens(plane.address, port), "webhook of Seldon's operator")


def _free_port(address: str) -> int:
    with socket.create_server((address, 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _listens(address: str, port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex((address, port)) == 0


def _config_map() -> Manifest:
    manifest: Manifest = yaml.safe_load((FILES / "configmap.yaml").read_text())
    manifest["metadata"] = {"name": "seldon-config", "namespace": NAMESPACE}
    return manifest


def _variables() -> dict[str, str]:
    """Those of the operator's Deployment."""
    documents = yaml.safe_load_all((FILES / "manager.yaml").read_text())
    (deployment,) = [document for document in documents if document["kind"] == "Deployment"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    plain = {
        variable["name"]: variable["value"] for variable in container["env"] if "value" in variable
    }
    return {**plain, **CHART}


def _certificate(folder: Path, address: str) -> str:
    folder.mkdir(parents=True)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=seldon", "-addext", f"subjectAltName=IP:{address}",
         "-keyout", "tls.key", "-out", "tls.crt"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return b64encode((folder / "tls.crt").read_bytes()).decode()


def _registration(server: str, authority: str) -> Manifest:
    manifest: Manifest = yaml.safe_load((FILES / "webhooks.yaml").read_text())
    for webhook in manifest["webhooks"]:
        path = webhook["clientConfig"]["service"]["path"]
        webhook["clientConfig"] = {"url": server + path, "caBundle": authority}
    return manifest


def ready_pods(plane: ControlPlane, namespace: str, service: str) -> Iterator[tuple[str, int]]:
    """The ready pods behind a Service, with the ports that it leads to."""
    label = f"kubernetes.io%2Fservice-name%3D{service}"
    path = f"apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices?labelSelector={label}"
    for piece in plane.get(path)["items"]:
        ready: list[Any] = [
            endpoint for endpoint in piece["endpoints"] or () if endpoint["conditions"].get("ready")
        ]
        for endpoint in ready:
            for port in piece["ports"] or ():
                yield endpoint["targetRef"]["name"], port["port"]
