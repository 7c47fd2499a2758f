"""Find the claimed volumes of a workload, and the fields that determine where data lies on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.model.effects import FieldChange
from compiler.model.manifest import Manifest
from compiler.model.resource import containers_of, pod_template
from compiler.model.volume_claims import claim_names, claims_of


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
        texts = _differing_lines(change.before, change.after)
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
    return bool(claims_of(change.before) - claims_of(change.after))


def _mounts(change: FieldChange, claimed: frozenset[str]) -> bool:
    """Whether a removed container mounted a claimed volume."""
    return any(mount["name"] in claimed for mount in change.before.get("volumeMounts", ()))


def _differing_lines(before: Any, after: Any) -> list[str]:
    """Lines of arguments that only one of the two lists has; most arguments are one line, a script has many."""
    old, new = _lines(before), _lines(after)
    return [
        *(line for line in old if line not in new),
        *(line for line in new if line not in old),
    ]


def _lines(arguments: Any) -> list[str]:
    return [line for argument in arguments or () for line in str(argument).split("\n")]
