"""What a workload keeps where: its claimed volumes, and the fields that say where on them data is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.diff import FieldChange
from compiler.model.resource import Manifest, pod_template
from compiler.spec import quantity

# Variables by which servers are told where their data is.
DATA_VARIABLES = frozenset(
    ["PGDATA", "MINIO_VOLUMES", "MYSQL_DATADIR", "REDIS_DATA_DIR", "WEED_DIR", "LAKEFS_DATA_DIR"]
)


def claim_names(manifest: Manifest) -> frozenset[str]:
    """The volumes of a StatefulSet that come from claims."""
    templates = manifest.get("spec", {}).get("volumeClaimTemplates", ())
    return frozenset(one["metadata"]["name"] for one in templates)


def mount_paths(manifest: Manifest) -> frozenset[str]:
    """Where containers see claimed volumes."""
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


def shrinks(change: FieldChange) -> bool:
    """Whether a quantity becomes smaller; one that can't be read might."""
    try:
        return quantity.amount(str(change.after)) < quantity.amount(str(change.before))
    except ValueError:
        return True


def moves_data(change: FieldChange, before: Manifest, after: Manifest) -> bool:
    """Whether a field of a pod template says where on its claimed volumes a server keeps data."""
    parts = change.path.split("/")
    claimed = claim_names(before)
    if not claimed:
        return False
    if "volumeMounts" in parts:
        place = parts.index("volumeMounts") + 1
        whole = len(parts) <= place
        return (whole or parts[place] in claimed) and change.before is not None
    if "env" in parts:
        place = parts.index("env") + 1
        names = parts[place : place + 1] or _names(change.before) | _names(change.after)
        return not DATA_VARIABLES.isdisjoint(names)
    if parts[-1] in ("args", "command"):
        return any(
            path in text
            for text in _one_sided(change.before, change.after)
            for path in mount_paths(before) | mount_paths(after)
        )
    return parts[-2:-1] == ["containers"] and change.after is None and _mounts(change, claimed)


def _names(elements: Any) -> set[str]:
    return {one["name"] for one in elements or ()}


def loses_claim(change: FieldChange) -> bool:
    """Whether volumes that are gone, or changed, named a claim that no other now names."""
    return bool(_claimed(change.before) - _claimed(change.after))


def _claimed(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = value.get("persistentVolumeClaim")
        return {own["claimName"]} if own else set()
    return {name for one in value or () for name in _claimed(one)}


def _mounts(change: FieldChange, claimed: frozenset[str]) -> bool:
    """Whether a container that is gone had a claimed volume."""
    return any(mount["name"] in claimed for mount in change.before.get("volumeMounts", ()))


def _one_sided(before: Any, after: Any) -> list[str]:
    """Arguments that only one of the two lists has."""
    ours, theirs = list(before or ()), list(after or ())
    return [
        *(str(one) for one in ours if one not in theirs),
        *(str(one) for one in theirs if one not in ours),
    ]
