"""Select pods of an instance: its own, or those that an operator makes for it."""

from __future__ import annotations

from typing import Any

from compiler.kube.labels import selector
from compiler.model.instance import Instance
from compiler.model.resource import OperatorPods, Pods


def namespace_of(me: Instance[Any], pods: Pods) -> str:
    return (isinstance(pods, OperatorPods) and pods.namespace) or me.namespace


def labels_of(me: Instance[Any], pods: Pods) -> dict[str, str]:
    """The labels that select exactly these pods of an instance."""
    return (
        dict(sorted(pods.labels.items())) if isinstance(pods, OperatorPods) else selector(me, pods)
    )
