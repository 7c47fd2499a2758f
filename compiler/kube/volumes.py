"""Volumes: scratch space, config files, claims that outlive their pods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from compiler.model.instance import Instance
from compiler.model.resource import Manifest

# Where every pod can write. The check asks for a safe name in a folder that others share: no other
# pod shares this one.
TMP = "/tmp"  # noqa: S108


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
    """Space of the pod's own, gone with it; in memory where asked."""
    source: Manifest = {"sizeLimit": size}
    return Volume(name, {"emptyDir": {"medium": "Memory", **source} if memory else source}, path)


def config(name: str, path: str, mode: int | None = None) -> Volume:
    """The files of a ConfigMap."""
    source: Manifest = {"name": name}
    if mode is not None:
        source["defaultMode"] = mode
    return Volume(name, {"configMap": source}, path, read_only=True)


def tmp(volumes: Sequence[Volume]) -> tuple[Volume, ...]:
    return () if any(volume.path == TMP for volume in volumes) else (empty_dir("tmp", TMP),)


def volume_claim(me: Instance[Any], name: str, size: str) -> Manifest:
    """A volumeClaimTemplate: it holds nothing that changes but the size.

    The server fills in mode and status, and compares the list as a whole: left out, each apply
    would change it, and a server-side apply over another would conflict.
    """
    spec: Manifest = {"accessModes": ["ReadWriteOnce"]}
    if me.settings.cluster.storage_class:
        spec["storageClassName"] = me.settings.cluster.storage_class
    spec |= {"resources": {"requests": {"storage": size}}, "volumeMode": "Filesystem"}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": spec,
        "status": {"phase": "Pending"},
    }
