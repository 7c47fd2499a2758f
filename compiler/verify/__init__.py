"""Every object against the schema of its kind, in this process and without a network.

The schemas are made from Kubernetes' own and from each CRD, unknown fields refused; jsonschema-rs
checks them some two hundred times faster than a validator in Python (docs/performance.md).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Raw
from msgspec.json import decode

from compiler import KUBERNETES_SCHEMAS
from compiler.diagnostics import Report
from compiler.model.package import Lowered, Package, config_map
from compiler.model.resource import Manifest
from compiler.verify.schemas import schemas

# A schema of schemas has a property of that name, too; what that is, is no text.
_REFERENCE = re.compile(rb'"\$ref": ?"[^"]*/([^"/]+)"')


def verify(lowered: Mapping[str | None, Lowered], report: Report) -> None:
    """Report every object that does not fit its schema, or that has none."""
    found = list(_objects(lowered))
    kinds = sorted({_kind(manifest) for *_, manifest in found})
    names = {kind: name for kind in kinds if (name := _definition(*kind))}
    judge = _judge(names)
    for name, package, manifest in found:
        if _kind(manifest) in names and judge.is_valid(manifest):
            continue
        document = lowered[name].platform.document
        path = package.instance.path if package.instance else ("spec",)
        for problem in problems(manifest):
            what = f"{manifest['kind']} `{manifest['metadata']['name']}`"
            report.within(name).add(
                "schema-violation",
                f"{what} of `{package.name}`: {problem}",
                document.span_of(path),
                path=path,
            )


def _objects(
    lowered: Mapping[str | None, Lowered],
) -> Iterator[tuple[str | None, Package, Manifest]]:
    """Every object once, with the first environment that has it."""
    seen: set[int] = set()
    fleets: set[int] = set()
    for name, environment in lowered.items():
        known = id(environment.models) in fleets
        fleets.add(id(environment.models))
        for package in environment.packages.values() if known else environment.everything:
            objects = [resource.manifest for resource in package.resources]
            objects += [config_map(c, package, environment.platform) for c in package.configs]
            for manifest in objects:
                if id(manifest) not in seen:
                    seen.add(id(manifest))
                    yield name, package, manifest


Kind = tuple[str, str]


def _kind(manifest: Manifest) -> Kind:
    return str(manifest.get("apiVersion", "")), str(manifest.get("kind", ""))


def problems(manifest: Manifest) -> Iterator[str]:
    """What a schema says against one object."""
    api_version, kind = _kind(manifest)
    validator = _validator(api_version, kind)
    if validator is None:
        yield f"there is no schema of {kind} {api_version}"
        return
    if validator.is_valid(manifest):
        return
    for error in validator.iter_errors(manifest):
        where = "".join(f"/{part}" for part in error.instance_path)
        yield f"{where or '/'}: {error.message}"


def _judge(names: Mapping[Kind, str]) -> Any:
    """One validator of some of Kubernetes' own kinds, given with their definitions' names.

    They have most of these in common: to build one for each kind takes several times as long.
    """
    import jsonschema_rs

    each = [
        {
            "if": {"properties": {"apiVersion": {"const": version}, "kind": {"const": kind}}},
            "then": _reference(name),
        }
        for (version, kind), name in names.items()
    ]
    whole = {"allOf": [True, *each], "definitions": _closure(names.values())}
    return jsonschema_rs.Draft7Validator(whole)


@cache
def _validator(api_version: str, kind: str) -> Any:
    import jsonschema_rs

    schema = _schema(api_version, kind)
    return None if schema is None else jsonschema_rs.Draft7Validator(schema)


def _schema(api_version: str, kind: str) -> dict[str, Any] | None:
    name = _definition(api_version, kind)
    if name is not None:
        return {**_reference(name), "definitions": _closure([name])}
    group, _, version = api_version.rpartition("/")
    if not _words(kind, group, version):
        return None
    crd = schemas() / "crds" / group / f"{kind.lower()}_{version}.json"
    return _read_crd(crd) if group and crd.is_file() else None


def _words(kind: str, group: str, version: str) -> bool:
    """Whether they may be parts of a file's name."""
    return kind.isalnum() and version.isalnum() and ".." not in group and "/" not in group


@cache
def _definition(api_version: str, kind: str) -> str | None:
    """What the definition of one of Kubernetes' own kinds is called."""
    group, _, version = api_version.rpartition("/")
    if not _words(kind, group, version):
        return None
    short = group.removesuffix(".k8s.io").split(".")[0]
    suffix = f"-{short}-{version}" if group else f"-{version}"
    file = schemas() / KUBERNETES_SCHEMAS / f"{kind.lower()}{suffix}.json"
    if (group and "." in group and not group.endswith(".k8s.io")) or not file.is_file():
        return None
    reference: str = decode(file.read_bytes())["$ref"]
    return reference.rpartition("/")[2]


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/definitions/{name}"}


def _read_crd(file: Path) -> dict[str, Any]:
    data = file.read_bytes()
    found: dict[str, Any]
    # Python's own reader has a hook for each map; it is slower, and few CRDs need it.
    found = json.loads(data, object_hook=_portable) if b"(?i)" in data else decode(data)
    return found


def _portable(part: dict[str, Any]) -> dict[str, Any]:
    """Patterns are Go's, where `(?i)` may stand alone; JSON Schema's want a group behind it."""
    pattern = part.get("pattern")
    if isinstance(pattern, str) and "(?i)" in pattern:
        return {**part, "pattern": f"(?i:{pattern.replace('(?i)', '')})"}
    return part


def _closure(names: Iterable[str]) -> dict[str, Any]:
    """Some definitions with those that they refer to, and no more: building a validator costs."""
    all = _definitions()
    needed: dict[str, Any] = {}
    waiting = list(names)
    while waiting:
        one = waiting.pop()
        if one not in needed:
            text = bytes(all[one])
            needed[one] = decode(text)
            waiting += [name.decode() for name in _REFERENCE.findall(text)]
    return needed


@cache
def _definitions() -> dict[str, Raw]:
    """Every definition, unread: of a thousand, some two hundred are needed."""
    text = (schemas() / KUBERNETES_SCHEMAS / "_definitions.json").read_bytes()
    return decode(text, type=dict[str, dict[str, Raw]])["definitions"]
