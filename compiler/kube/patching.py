"""Apply JSON patches (RFC 6902) to objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from compiler.diagnostics.words import closest, listing
from compiler.document.pointer import key_of as key_of_part
from compiler.model.manifest import Manifest
from compiler.spec.component import Patch

Key = tuple[str, str, str]  # kind, namespace, name


class PatchProblem(Struct, frozen=True):
    """A problem with a patch; `at` is the place in the object, if there is one."""

    code: str
    message: str
    help: tuple[str, ...] = ()
    at: str | None = None


def key_of(manifest: Manifest) -> Key:
    metadata = manifest["metadata"]
    return manifest["kind"], metadata.get("namespace", ""), metadata["name"]


def is_target(key: Key, patch: Patch) -> bool:
    target = patch.target
    return key[::2] == (target.kind, target.name) and target.namespace in (None, key[1])


def applied(patch: Patch, manifest: Manifest) -> Manifest | PatchProblem:
    """An object after a patch."""
    import jsonpatch

    changed = manifest
    for operation in patch.operations:
        try:
            changed = jsonpatch.JsonPatch([operation.written()]).apply(changed)
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
            kind = f"{patch.target.kind} `{patch.target.name}`"
            message = f"the patch does not fit {kind}: {error}"
            return PatchProblem(
                "patch-misses", message, _alike(operation.path, changed), operation.path
            )
    return changed


def _alike(path: str, manifest: Manifest) -> tuple[str, ...]:
    """The help for a path that an object lacks: the closest path, or the keys at the first missing part."""
    value: Any = manifest
    parts = path.split("/")[1:]
    for depth, part in enumerate(parts):
        key = key_of_part(part)
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            known = list(value) if isinstance(value, dict) else []
            before = "".join(f"/{part}" for part in parts[:depth])
            if close := closest(key, known):
                rest = "".join(f"/{part}" for part in parts[depth + 1 :])
                return (f"did you mean `{before}/{close}{rest}`?",)
            return (f"`{before or '/'}` has {listing(known)}",) if known else ()
    return ()


def all_applied(patches: Sequence[Patch], manifests: Sequence[Manifest]) -> tuple[Manifest, ...]:
    """Objects after the patches that target them and fit them."""
    changed = list(manifests)
    for patch in patches:
        for index, manifest in enumerate(changed):
            if is_target(key_of(manifest), patch):
                result = applied(patch, manifest)
                if not isinstance(result, PatchProblem):
                    changed[index] = result
    return tuple(changed)
