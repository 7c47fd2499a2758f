"""The resources and the security context of a model's server."""

from __future__ import annotations

from functools import lru_cache

from compiler import kube, model
from compiler.spec import quantity
from compiler.spec.component import Resources
from compiler.spec.tenant import Gpus

GIBI = 2**30
# Of a model's server, and of the container that fetches the model, which writes for it.
CONFINED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsUser": 1000,
}


@lru_cache(maxsize=1024)  # models by the thousand have the same few needs
def compute(resources: Resources, size: str | None, gpus: Gpus | None) -> model.Manifest:
    """Resources with room for the model on disk and in memory, if its size is known."""
    room = quantity.binary(max(2 * GIBI, quantity.in_bytes(size) + GIBI if size else 0))
    return kube.resources(
        resources, cpu="1", memory=room, cpu_limit="2", memory_limit=room,
        disk=room, disk_limit=room, gpus=gpus,
    )  # fmt: skip
