"""Build probes with timeouts that suit busy servers."""

from __future__ import annotations

from collections.abc import Sequence

from compiler.model.manifest import Manifest


def http_probe(path: str, port: str, *, period: int = 10, failures: int = 3) -> Manifest:
    """A probe by HTTP."""
    return _probe({"httpGet": {"path": path, "port": port}}, period, failures)


def tcp_probe(port: str, *, period: int = 10, failures: int = 3) -> Manifest:
    """A probe that opens a TCP connection."""
    return _probe({"tcpSocket": {"port": port}}, period, failures)


def exec_probe(command: Sequence[str], *, period: int = 10, failures: int = 3) -> Manifest:
    """A probe that runs a command in the container."""
    return _probe({"exec": {"command": list(command)}}, period, failures)


def _probe(handler: Manifest, period: int, failures: int) -> Manifest:
    """A probe with five seconds to answer: a busy Python server needs more than one."""
    return {
        **handler,
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }
