"""The volumes of a workload, and the memory and local disk that its scratch space takes.

A kubelet evicts a pod whose scratch space, logs and written files are more than the limits of local disk of its
containers together. What a container writes to a volume in memory counts towards its memory limit (Kubernetes,
documentation of `emptyDir` and of local ephemeral storage).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from compiler import kube, model
from compiler.spec import quantity
from compiler.spec.quantity import GIB, MIB
from compiler.spec.tenant import WorkloadSpec

MEMORY, MEMORY_LIMIT = GIB, 2 * GIB  # of a container, besides its scratch space
DISK, DISK_LIMIT = GIB, 10 * GIB
_LEAST_MEMORY = 128 * MIB  # of a program next to a volume in memory


def volumes(spec: WorkloadSpec) -> Iterator[kube.Volume]:
    """The volumes of the user, by their names."""
    for name, mount in sorted(spec.volumes.items()):
        if mount.claim:
            claim = {"persistentVolumeClaim": {"claimName": mount.claim}}
            yield kube.Volume(f"user-{name}", claim, mount.mount_path)
        elif mount.secret:
            secret = {"secret": {"secretName": mount.secret}}
            yield kube.Volume(f"user-{name}", secret, mount.mount_path, read_only=True)
        elif mount.config_map:
            yield replace(kube.config(mount.config_map, mount.mount_path), name=f"user-{name}")
        else:
            yield kube.empty_dir(
                f"user-{name}", mount.mount_path, mount.scratch, memory=mount.in_memory
            )


def resources(spec: WorkloadSpec) -> model.Manifest:
    """Requests and limits of the container: the defaults leave room for all scratch space."""
    memory, disk = _scratch(spec, memory=True), _scratch(spec, memory=False)
    return kube.resources(
        spec.resources, cpu="500m", cpu_limit="2", gpus=spec.gpus,
        memory=quantity.binary(MEMORY + memory), memory_limit=quantity.binary(MEMORY_LIMIT + memory),
        disk=quantity.binary(DISK + disk), disk_limit=quantity.binary(DISK_LIMIT + disk),
    )  # fmt: skip


def sizes(me: model.Instance[Any]) -> Iterator[model.Size]:
    """The limits of the container, which the scratch space must fit."""
    limits = resources(me.spec)["limits"]
    if memory := _scratch(me.spec, memory=True):
        has = quantity.in_bytes(limits["memory"])
        words = (
            f"{quantity.rounded(memory)} of volumes, and {_LEAST_MEMORY // MIB}Mi for the program"
        )
        yield model.memory(has, memory + _LEAST_MEMORY, words)
    if disk := _scratch(me.spec, memory=False):
        has = quantity.in_bytes(limits["ephemeral-storage"])
        yield model.local_disk(has, disk, "for all its scratch space")


def _scratch(spec: WorkloadSpec, *, memory: bool) -> int:
    """The bytes of all scratch space in memory or on disk."""
    mounts = (mount for mount in spec.volumes.values() if mount.in_memory == memory)
    return sum(quantity.in_bytes(mount.scratch) for mount in mounts if mount.scratch)
