"""Find the claimed volumes of a workload, and the fields that determine where data lies on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.model.effects import FieldChange
from compiler.model.manifest import Manifest
from compiler.model.resource import containers_of, pod_template


def claim_names(manifest: Manifest) -> frozenset[str]:
    """The names that a StatefulSet's pods have for their claimed volumes."""
    if manifest.get("kind") != "StatefulSet":
        return frozenset()
    volumes = manifest["spec"].get("template", {}).get("spec", {}).get("volumes", ())
    adopted = (volume["name"] for volume in volumes if "persistentVolumeClaim" in volume)
    return template_names(manifest) | frozenset(adopted)


def template_names(manifest: Manifest) -> frozenset[str]:
    """The names of a StatefulSet's volume claim templates."""
    templates = manifest.get("spec", {}).get("volumeClaimTemplates", ())
    return frozenset(claim["metadata"]["name"] for claim in templates)


def volume_claims(manifest: Manifest) -> frozenset[str]:
    """The names of the PersistentVolumeClaims of a StatefulSet's pods."""
    if manifest.get("kind") != "StatefulSet":
        return frozenset()
    spec, name = manifest["spec"], manifest["metadata"]["name"]
    pods = range(int(spec.get("replicas", 1)))
    templates = {f"{claim}-{name}-{pod}" for claim in template_names(manifest) for pod in pods}
    return frozenset(templates | _claimed(spec["template"]["spec"].get("volumes")))


def mount_paths(manifest: Manifest) -> frozenset[str]:
    """The paths at which containers mount claimed volumes."""
    claimed = claim_names(manifest)
    template = pod_template(manifest)
    return frozenset(
        mount["mountPath"]
        for container in (containers_of(template["spec"]) if template else ())
        for mount in container.get("volumeMounts", ())
        if mount["name"] in claimed
    )


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
    paths = mount_paths(before) | mount_paths(after)
    if "env" in parts:  # such as PGDATA: the path of a folder on the volume
        texts = [*_texts(change.before), *_texts(change.after)]
        return any(path in text for text in texts for path in paths)
    if parts[-1] in ("args", "command"):
        texts = _differing_arguments(change.before, change.after)
        return any(path in text for text in texts for path in paths)
    return parts[-2:-1] == ["containers"] and change.after is None and _mounts(change, claimed)


def _texts(value: Any) -> Iterator[str]:
    """The texts in a value, at any depth."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def loses_claim(change: FieldChange) -> bool:
    """Whether a changed or removed volume named a claim that no volume names now."""
    return bool(_claimed(change.before) - _claimed(change.after))


def _claimed(value: Any) -> set[str]:
    if isinstance(value, dict):
        claim = value.get("persistentVolumeClaim")
        return {claim["claimName"]} if claim else set()
    return {name for element in value or () for name in _claimed(element)}


def _mounts(change: FieldChange, claimed: frozenset[str]) -> bool:
    """Whether a removed container mounted a claimed volume."""
    return any(mount["name"] in claimed for mount in change.before.get("volumeMounts", ()))


def _differing_arguments(before: Any, after: Any) -> list[str]:
    """Arguments that only one of the two lists has."""
    old, new = list(before or ()), list(after or ())
    return [
        *(str(argument) for argument in old if argument not in new),
        *(str(argument) for argument in new if argument not in old),
    ]
