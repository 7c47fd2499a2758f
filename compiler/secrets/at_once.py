"""Restart servers whose pods log in to each other with a changed Secret.

Pods with the old and with the new value refuse each other. So a rolling update would not end: its first pod is never
ready. Only when all pods have gone do the next ones have one value.
"""

from __future__ import annotations

from collections.abc import Sequence

from compiler.delivery.steps import TIMEOUT, Step
from compiler.model.resource import Resource

TITLE = (
    "{name} reads it: pods with the old and the new value refuse each other, so all restart at once"
)


def restart(name: str, servers: Sequence[Resource]) -> Step:
    """The step for the StatefulSets of an instance."""
    commands = [f"kubectl rollout restart {_named(server)}" for server in servers]
    commands += [_deletion(server) for server in servers]
    commands += [
        f"kubectl rollout status {_named(server)} --timeout={TIMEOUT}" for server in servers
    ]
    return Step(TITLE.format(name=name), tuple(commands))


def _named(server: Resource) -> str:
    return f"{server.kind.lower()}/{server.name} -n {server.namespace}"


def _deletion(server: Resource) -> str:
    labels = server.manifest["spec"]["selector"]["matchLabels"]
    selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    return f"kubectl delete pods -n {server.namespace} -l {selector}"
