"""Say why an operation does not fit an object, and what to write instead."""

from __future__ import annotations

from typing import Any, NamedTuple

from compiler.diagnostics.words import closest, listing
from compiler.document.flow_style import flow_style
from compiler.document.pointer import key_of
from compiler.model.manifest import Manifest
from compiler.spec.patch import PatchOperation

Reason = tuple[str, tuple[str, ...]]  # the end of a message, and the help


class _Missing(NamedTuple):
    """The first part of a path that an object lacks: the path before it, its value, and the parts from there."""

    before: str
    value: Any
    parts: list[str]

    @property
    def path(self) -> str:
        return f"{self.before}/{self.parts[0]}"


def reason(operation: PatchOperation, manifest: Manifest, error: Exception) -> Reason:
    """The reason why an operation fails on an object; `error` is jsonpatch's own."""
    incomplete = _incomplete(operation)
    if incomplete is not None:
        return incomplete
    for path, is_new in _paths(operation):
        missing = _missing(path, manifest)
        # The last key of a new path may be missing.
        if missing and not (is_new and len(missing.parts) == 1 and isinstance(missing.value, dict)):
            return _lacks(missing, operation)
    if operation.op == "test":
        return f"the value at `{operation.path}` is not `{flow_style(operation.value)}`", ()
    return str(error), ()


def _incomplete(operation: PatchOperation) -> Reason | None:
    """The reason why an operation fits no object."""
    for path, _ in _paths(operation):
        if path and not path.startswith("/"):
            return f"the path `{path}` does not begin with `/`", (f"write `/{path}`",)
    if operation.op in ("add", "replace", "test") and "value" not in operation.model_fields_set:
        return f"the operation `{operation.op}` has no `value`", ("add `value: ...`",)
    if operation.op in ("move", "copy") and operation.from_ is None:
        return f"the operation `{operation.op}` has no `from`", (
            "add `from: /...`, a path of the object",
        )
    return None


def _paths(operation: PatchOperation) -> list[tuple[str, bool]]:
    """The paths of an operation, each with whether the operation makes it."""
    sources = [(operation.from_, False)] if operation.from_ is not None else []
    return [*sources, (operation.path, operation.op in ("add", "move", "copy"))]


def _missing(path: str, manifest: Manifest) -> _Missing | None:
    value: Any = manifest
    parts = path.split("/")[1:]
    for depth, part in enumerate(parts):
        key = key_of(part)
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            before = "".join(f"/{part}" for part in parts[:depth])
            return _Missing(before, value, parts[depth:])
    return None


def _lacks(missing: _Missing, operation: PatchOperation) -> Reason:
    """The message and the help for a path that an object lacks."""
    subject = f"there is no `{missing.path}`"
    if isinstance(missing.value, list):
        return subject, (_help_for_list(missing.before, len(missing.value)),)
    if not isinstance(missing.value, dict):
        return f"{subject}, because `{missing.before}` is neither a map nor a list", ()
    keys = list(missing.value)
    rest = "".join(f"/{part}" for part in missing.parts[1:])
    if close := closest(key_of(missing.parts[0]), keys):
        return subject, (f"did you mean `{missing.before}/{close}{rest}`?",)
    if operation.op == "add" and len(missing.parts) == 2 and missing.path != operation.path:
        value = flow_style({key_of(missing.parts[1]): operation.value})
        return subject, (f"add it as a map: `{{op: add, path: {missing.path}, value: {value}}}`",)
    return subject, ((f"`{missing.before or '/'}` has {listing(keys)}",) if keys else ())


def _help_for_list(path: str, length: int) -> str:
    appending = "`-` as the last part of an `add` appends to it"
    if not length:
        return f"`{path}` is an empty list: {appending}"
    indices = f"an index from 0 to {length - 1}" if length > 1 else "the index 0"
    return f"`{path}` is a list: write {indices}; {appending}"
