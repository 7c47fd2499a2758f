"""Probes, with timeouts that suit busy servers."""

from __future__ import annotations

from collections.abc import Sequence

from compiler.model.resource import Manifest


def http_probe(path: str, port: str, *, period: int = 10, failures: int = 3) -> Manifest:
    """A probe by HTTP, with five seconds to answer: a busy Python server needs more than one."""
    return {
        "httpGet": {"path": path, "port": port},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


def tcp_probe(port: str, *, period: int = 10, failures: int = 3) -> Manifest:
    """A probe that opens a TCP connection."""
    return {
        "tcpSocket": {"port": port},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


def exec_probe(command: Sequence[str], *, period: int = 10, failures: int = 3) -> Manifest:
    """A probe that runs a command in the container."""
    return {
        "exec": {"command": list(command)},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }
