"""Build the labels that select the pods of one role."""

from __future__ import annotations

from typing import Any

from compiler.model.instance import Instance
from compiler.model.manifest import Manifest

COMPONENT = "app.kubernetes.io/component"
INSTANCE = "app.kubernetes.io/instance"


def selector(me: Instance[Any], role: str) -> dict[str, str]:
    """The labels that select exactly the pods of one role of an instance. They never change."""
    return {COMPONENT: role, INSTANCE: me.name}


def metadata(me: Instance[Any], name: str | None = None, role: str | None = None) -> Manifest:
    """Name and namespace; for objects of one role, also the role's label."""
    manifest: Manifest = {"name": name or me.name, "namespace": me.namespace}
    if role:
        manifest["labels"] = {COMPONENT: role}
    return manifest
