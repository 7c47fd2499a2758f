"""The labels that tell one role's pods from all others."""

from __future__ import annotations

from typing import Any

from compiler.model.instance import Instance
from compiler.model.resource import Manifest


def selector(me: Instance[Any], role: str) -> dict[str, str]:
    """The labels that tell one role's pods of an instance from all others; they never change."""
    return {"app.kubernetes.io/component": role, "app.kubernetes.io/instance": me.name}


def metadata(me: Instance[Any], name: str | None = None, role: str | None = None) -> Manifest:
    """Name, namespace and, for the objects of one role, its label."""
    made: Manifest = {"name": name or me.name, "namespace": me.namespace}
    if role:
        made["labels"] = {"app.kubernetes.io/component": role}
    return made
