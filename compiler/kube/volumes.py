"""Build volumes: emptyDirs, config files, and claims that outlive their pods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from msgspec import Struct

from compiler.model.instance import Instance
from compiler.model.manifest import Manifest
from compiler.spec import quantity
from compiler.spec.quantity import GIB, MIB

TMP = "/tmp"  # noqa: S108  # each pod has a folder of this name to itself


class Volume(Struct, frozen=True):
    """A volume of a pod and where its containers mount it."""

    name: str
    source: Manifest
    path: str
    read_only: bool = False
    sub_path: str | None = None

    def mount(self) -> Manifest:
        mount: Manifest = {"name": self.name, "mountPath": self.path}
        if self.read_only:
            mount["readOnly"] = True
        if self.sub_path:
            mount["subPath"] = self.sub_path
        return mount


def empty_dir(name: str, path: str, size: str = "1Gi", *, memory: bool = False) -> Volume:
    """An emptyDir, which is deleted with its pod; with `memory` it lies in memory."""
    source: Manifest = {"sizeLimit": size}
    return Volume(name, {"emptyDir": {"medium": "Memory", **source} if memory else source}, path)


def config(name: str, path: str, mode: int | None = None) -> Volume:
    """The files of a ConfigMap."""
    source: Manifest = {"name": name}
    if mode is not None:
        source["defaultMode"] = mode
    return Volume(name, {"configMap": source}, path, read_only=True)


def tmp(volumes: Sequence[Volume], disks: Iterable[str]) -> tuple[Volume, ...]:
    """The /tmp of a pod; `disks` are the limits of local disk of its containers.

    The kubelet counts /tmp towards the pod's limit, with logs and with files that containers write
    elsewhere: for these 1 GiB is kept free, or half of a small limit.
    """
    if any(volume.path == TMP for volume in volumes):
        return ()
    limit = max(map(quantity.in_bytes, disks))
    room = max(limit // 2, limit - GIB) // MIB * MIB
    return (empty_dir("tmp", TMP, quantity.binary(room)),)


def with_claim(template: Manifest, name: str, claim: str) -> Manifest:
    """A pod template with an existing claim as one of its volumes."""
    volume = {"name": name, "persistentVolumeClaim": {"claimName": claim}}
    volumes = sorted([*template["spec"]["volumes"], volume], key=itemgetter("name"))
    return {**template, "spec": {**template["spec"], "volumes": volumes}}


def volume_claim(me: Instance[Any], name: str, size: str) -> Manifest:
    """A volumeClaimTemplate, with all fields that the server would fill in.

    The server fills in mode and status, and compares the list as a whole. Without these fields each apply
    would show a change, and a server-side apply by another manager would conflict.
    """
    spec: Manifest = {"accessModes": ["ReadWriteOnce"]}
    storage_class = getattr(me.spec, "storage_class", None) or me.settings.cluster.storage_class
    if storage_class:
        spec["storageClassName"] = storage_class
    spec |= {"resources": {"requests": {"storage": size}}, "volumeMode": "Filesystem"}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": spec,
        "status": {"phase": "Pending"},
    }
