"""Argo's server on a node, asked from this machine with the token of an account."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.request import Request, urlopen

from cluster.node import Node, free_port


@contextmanager
def forwarded(node: Node) -> Iterator[Callable[[str, str], str]]:
    """A function that asks the server for a path with a token."""
    port = free_port()
    words = ["kubectl", "port-forward", "-n", "argo", "service/argo-server", f"{port}:2746"]
    process = subprocess.Popen(words, env=node.env)

    def ask(path: str, token: str) -> str:
        return _ask(f"https://localhost:{port}{path}", token)

    try:
        node.until(lambda: _answers(ask), "answer of Argo's server", 120)
        yield ask
    finally:
        process.terminate()
        process.wait(30)


def _answers(ask: Callable[[str, str], str]) -> bool:
    try:
        return bool(ask("/", ""))
    except OSError:
        return False


def _ask(address: str, token: str) -> str:
    """The answer of a server that signed its own certificate."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    request = Request(address, headers={"Authorization": f"Bearer {token}"})
    with urlopen(request, timeout=30, context=trusting) as answer:
        return str(answer.read().decode())
