"""Apply JSON patches (RFC 6902) to objects."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from compiler.kube.patch_errors import reason
from compiler.model.manifest import Manifest
from compiler.spec.patch import Patch

Key = tuple[str, str, str]  # kind, namespace, name


class PatchProblem(Struct, frozen=True):
    """A problem with a patch; `at` is the place in the object, if there is one.

    `operation` is the index of the operation that does not fit.
    """

    code: str
    message: str
    help: tuple[str, ...] = ()
    at: str | None = None
    operation: int | None = None


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
    for index, operation in enumerate(patch.operations):
        try:
            changed = jsonpatch.JsonPatch([operation.written()]).apply(changed)
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
            kind = f"{patch.target.kind} `{patch.target.name}`"
            cause, help = reason(operation, changed, error)
            message = f"the patch does not fit {kind}: {cause}"
            return PatchProblem("patch-misses", message, help, operation=index)
    return changed


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
