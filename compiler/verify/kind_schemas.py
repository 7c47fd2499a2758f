"""Read the schema of a kind: of Kubernetes' own, with the shared definitions, or of a CRD."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Raw
from msgspec.json import decode

from compiler import KUBERNETES_SCHEMAS
from compiler.files import is_packaged, packaged
from compiler.verify.schemas import schemas

# The schema of JSON Schema has a property `$ref` as well, whose value is not a string.
_REFERENCE = re.compile(rb'"\$ref": ?"[^"]*/([^"/]+)"')


def schema_of(api_version: str, kind: str) -> dict[str, Any] | None:
    """The schema of a kind, with all definitions that it refers to; None if there is none."""
    name = definition(api_version, kind)
    if name is not None:
        return {**reference(name), "definitions": closure([name])}
    group, _, version = api_version.rpartition("/")
    if not _safe_in_path(kind, group, version):
        return None
    crd = schemas() / "crds" / group / f"{kind.lower()}_{version}.json"
    return _read_crd(crd) if group and is_packaged(crd) else None


def _safe_in_path(kind: str, group: str, version: str) -> bool:
    """Whether the parts are safe to use in a file's name."""
    return kind.isalnum() and version.isalnum() and ".." not in group and "/" not in group


@cache
def definition(api_version: str, kind: str) -> str | None:
    """The name of the definition of one of Kubernetes' own kinds."""
    group, _, version = api_version.rpartition("/")
    if not _safe_in_path(kind, group, version):
        return None
    short = group.removesuffix(".k8s.io").split(".")[0]
    suffix = f"-{short}-{version}" if group else f"-{version}"
    file = schemas() / KUBERNETES_SCHEMAS / f"{kind.lower()}{suffix}.json"
    if (group and "." in group and not group.endswith(".k8s.io")) or not is_packaged(file):
        return None
    pointer: str = decode(packaged(file))["$ref"]
    return pointer.rpartition("/")[2]


def reference(name: str) -> dict[str, str]:
    """The schema that refers to a definition."""
    return {"$ref": f"#/definitions/{name}"}


def _read_crd(file: Path) -> dict[str, Any]:
    data = packaged(file)
    schema: dict[str, Any]
    # Only Python's slower parser has a hook for each map, which few CRDs need.
    schema = json.loads(data, object_hook=_portable) if b"(?i)" in data else decode(data)
    return schema


def _portable(part: dict[str, Any]) -> dict[str, Any]:
    """Convert a pattern from Go's syntax, where `(?i)` may stand without a group."""
    pattern = part.get("pattern")
    if isinstance(pattern, str) and "(?i)" in pattern:
        return {**part, "pattern": f"(?i:{pattern.replace('(?i)', '')})"}
    return part


def closure(names: Iterable[str]) -> dict[str, Any]:
    """Definitions with all definitions that they refer to, and no others: validators are slow to build."""
    definitions = _definitions()
    needed: dict[str, Any] = {}
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in needed:
            text = bytes(definitions[name])
            needed[name] = decode(text)
            pending += [match.decode() for match in _REFERENCE.findall(text)]
    return needed


@cache
def _definitions() -> dict[str, Raw]:
    """Every definition, not yet parsed: about two hundred of a thousand are needed."""
    text = packaged(schemas() / KUBERNETES_SCHEMAS / "_definitions.json")
    return decode(text, type=dict[str, dict[str, Raw]])["definitions"]
