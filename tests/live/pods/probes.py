"""Probes: asked as a kubelet asks, from the node, by the pod's address."""

from __future__ import annotations

import http.client
import socket
import subprocess
from collections.abc import Callable

from live.pods.objects import ConfigError, Manifest

Execute = Callable[[tuple[str, ...], float], int]
# A kubelet names the pod's address, which in a cluster is of the pods' own range. Servers that
# compare Host headers must be asked with such a one, not with the loopback address used here.
POD_RANGE = "10.244.0.1"
PATIENCE = 5.0  # seconds at least: two cores are shared by all pods


def succeeds(probe: Manifest, container: Manifest, address: str, execute: Execute) -> bool:
    timeout = max(probe.get("timeoutSeconds", 1), PATIENCE)
    try:
        match probe:
            case {"exec": {"command": command}}:
                return execute(tuple(command), timeout) == 0
            case {"tcpSocket": {"port": port}}:
                socket.create_connection((address, _port(port, container)), timeout).close()
                return True
            case {"httpGet": request}:
                return _http(request, container, address, timeout)
    except (OSError, http.client.HTTPException, subprocess.TimeoutExpired):
        return False
    raise ConfigError(f"a probe {sorted(probe)} is not known here")


def _http(request: Manifest, container: Manifest, address: str, timeout: float) -> bool:
    port = _port(request["port"], container)
    headers = {"Host": f"{POD_RANGE}:{port}", "User-Agent": "kube-probe/1.36"}
    headers |= {
        http_header["name"]: http_header["value"] for http_header in request.get("httpHeaders", ())
    }
    connection = http.client.HTTPConnection(address, port, timeout=timeout)
    try:
        connection.request("GET", request.get("path", "/"), headers=headers)
        return 200 <= connection.getresponse().status < 400
    finally:
        connection.close()


def _port(port: int | str, container: Manifest) -> int:
    if isinstance(port, int):
        return port
    declared = {port.get("name"): port["containerPort"] for port in container.get("ports", ())}
    if port not in declared:
        raise ConfigError(f"a probe asks port {port}, which container {container['name']} lacks")
    number: int = declared[port]
    return number
