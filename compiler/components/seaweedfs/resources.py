"""Choose requests and limits of SeaweedFS' servers, in one process or in several."""

from __future__ import annotations

from typing import Any

from compiler import kube, model


def of(me: model.Instance[Any]) -> model.Manifest:
    """The user's amounts, else the same defaults for each server."""
    return kube.resources(
        me.spec.resources, cpu="250m", memory="512Mi", cpu_limit="2", memory_limit="2Gi"
    )
