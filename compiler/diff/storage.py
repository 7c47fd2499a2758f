"""Claimed volumes of a workload, and the fields that determine the location of data on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.model.effects import FieldChange
from compiler.model.resource import Manifest, pod_template

# Variables that configure the data folder of servers.
DATA_VARIABLES = frozenset(
    ["PGDATA", "MINIO_VOLUMES", "MYSQL_DATADIR", "REDIS_DATA_DIR", "WEED_DIR", "LAKEFS_DATA_DIR"]
)


def claim_names(manifest: Manifest) -> frozenset[str]:
    """The names of a StatefulSet's volume claim templates."""
    templates = manifest.get("spec", {}).get("volumeClaimTemplates", ())
    return frozenset(claim["metadata"]["name"] for claim in templates)


def mount_paths(manifest: Manifest) -> frozenset[str]:
    """The paths at which containers mount claimed volumes."""
    claimed = claim_names(manifest)
    return frozenset(
        mount["mountPath"]
        for container in containers(manifest)
        for mount in container.get("volumeMounts", ())
        if mount["name"] in claimed
    )


def containers(manifest: Manifest) -> Iterator[Manifest]:
    template = pod_template(manifest)
    spec = template["spec"] if template else {}
    yield from spec.get("initContainers", ())
    yield from spec.get("containers", ())


def moves_data(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    """Whether a field of a pod template determines where a server keeps data on its claimed volumes."""
    parts = change.path.split("/")
    claimed = claim_names(before)
    if not claimed:
        return False
    if "volumeMounts" in parts:
        index = parts.index("volumeMounts") + 1
        is_list = len(parts) <= index
        return (is_list or parts[index] in claimed) and change.before is not None
    if "env" in parts:
        index = parts.index("env") + 1
        names = parts[index : index + 1] or _names(change.before) | _names(change.after)
        return not DATA_VARIABLES.isdisjoint(names)
    if parts[-1] in ("args", "command"):
        return any(
            path in text
            for text in _one_sided(change.before, change.after)
            for path in mount_paths(before) | mount_paths(after)
        )
    return parts[-2:-1] == ["containers"] and change.after is None and _mounts(change, claimed)


def _names(elements: Any) -> set[str]:
    return {element["name"] for element in elements or ()}


def loses_claim(change: FieldChange) -> bool:
    """Whether changed or removed volumes named a claim that no volume names now."""
    return bool(_claimed(change.before) - _claimed(change.after))


def _claimed(value: Any) -> set[str]:
    if isinstance(value, dict):
        claim = value.get("persistentVolumeClaim")
        return {claim["claimName"]} if claim else set()
    return {name for element in value or () for name in _claimed(element)}


def _mounts(change: FieldChange, claimed: frozenset[str]) -> bool:
    """Whether a removed container mounted a claimed volume."""
    return any(mount["name"] in claimed for mount in change.before.get("volumeMounts", ()))


def _one_sided(before: Any, after: Any) -> list[str]:
    """Arguments that only one of the two lists has."""
    old, new = list(before or ()), list(after or ())
    return [
        *(str(argument) for argument in old if argument not in new),
        *(str(argument) for argument in new if argument not in old),
    ]
