"""Every object against the schema of its kind, in this process and without a network.

The schemas are made from Kubernetes' own and from each CRD, unknown fields refused; jsonschema-rs
checks them some two hundred times faster than a validator in Python (docs/performance.md).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.json import decode, encode

from compiler.diagnostics import Report
from compiler.manifests import config_map
from compiler.model.package import Lowered
from compiler.model.resource import Manifest
from compiler.pinned import KUBERNETES, schemas

# A schema of schemas has a property of that name, too; what that is, is no text.
_REFERENCE = re.compile(r'"\$ref":"[^"]*/([^"/]+)"')


def verify(lowered: Mapping[str | None, Lowered], report: Report) -> None:
    """Report every object that does not fit its schema, or that has none."""
    seen: set[int] = set()
    fleets: set[int] = set()
    for name, environment in lowered.items():
        known = id(environment.models) in fleets
        fleets.add(id(environment.models))
        for package in environment.packages.values() if known else environment.everything:
            document = environment.platform.document
            path = package.instance.path if package.instance else ("spec",)
            objects = [resource.manifest for resource in package.resources]
            objects += [config_map(c, package, environment.platform) for c in package.configs]
            for manifest in objects:
                if id(manifest) in seen:
                    continue
                seen.add(id(manifest))
                for problem in problems(manifest):
                    what = f"{manifest['kind']} `{manifest['metadata']['name']}`"
                    report.within(name).add(
                        "schema-violation",
                        f"{what} of `{package.name}`: {problem}",
                        document.span_of(path),
                        path=path,
                    )


def problems(manifest: Manifest) -> Iterator[str]:
    """What a schema says against one object."""
    api_version, kind = manifest.get("apiVersion", ""), manifest.get("kind", "")
    validator = _validator(str(api_version), str(kind))
    if validator is None:
        yield f"there is no schema of {kind} {api_version}"
        return
    if validator.is_valid(manifest):
        return
    for error in validator.iter_errors(manifest):
        where = "".join(f"/{part}" for part in error.instance_path)
        yield f"{where or '/'}: {error.message}"


@cache
def _validator(api_version: str, kind: str) -> Any:
    import jsonschema_rs

    schema = _schema(api_version, kind)
    return None if schema is None else jsonschema_rs.Draft7Validator(schema)


def _schema(api_version: str, kind: str) -> dict[str, Any] | None:
    group, _, version = api_version.rpartition("/")
    if not kind.isalnum() or not version.isalnum() or ".." in group or "/" in group:
        return None
    short = group.removesuffix(".k8s.io").split(".")[0]
    suffix = f"-{short}-{version}" if group else f"-{version}"
    builtin = schemas() / KUBERNETES / f"{kind.lower()}{suffix}.json"
    if (not group or "." not in group or group.endswith(".k8s.io")) and builtin.is_file():
        reference: str = decode(builtin.read_bytes())["$ref"]
        return _closure(reference.rpartition("/")[2])
    crd = schemas() / "crds" / group / f"{kind.lower()}_{version}.json"
    if group and crd.is_file():
        return _read_crd(crd)
    return None


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


def _closure(name: str) -> dict[str, Any]:
    """One definition with those that it refers to, and no more: building a validator costs."""
    all = _definitions()
    needed: dict[str, Any] = {}
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one not in needed:
            needed[one] = all[one]
            waiting += _REFERENCE.findall(encode(all[one]).decode())
    return {"$ref": f"#/definitions/{name}", "definitions": needed}


@cache
def _definitions() -> dict[str, Any]:
    text = (schemas() / KUBERNETES / "_definitions.json").read_bytes()
    definitions: dict[str, Any] = decode(text)["definitions"]
    return definitions
