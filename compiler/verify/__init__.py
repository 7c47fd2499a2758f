"""Check every object against the schema of its kind, in this process and without a network.

The schemas are made from Kubernetes' own schemas and from each CRD, and refuse unknown fields.
jsonschema-rs checks them some two hundred times faster than a validator in Python
(docs/performance.md).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from compiler.diagnostics import Report
from compiler.diagnostics.masking import hidden
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package, config_map
from compiler.verify.kind_schemas import closure, definition, reference, schema_of


def verify(lowered: Mapping[str | None, Lowered], report: Report) -> None:
    """Report every object that does not fit its schema, or whose kind has no schema."""
    objects = _objects(lowered)
    kinds = sorted({_kind(manifest) for *_, manifest in objects})
    names = {kind: name for kind in kinds if (name := definition(*kind))}
    validator = _shared_validator(tuple(names.items()))
    for name, package, manifest in objects:
        if _kind(manifest) in names and validator.is_valid(manifest):
            continue
        document = lowered[name].platform.document
        path = package.instance.path if package.instance else ("spec",)
        for problem in problems(manifest):
            subject = f"{manifest['kind']} `{manifest['metadata']['name']}`"
            report.within(name).add(
                "schema-violation",
                f"{subject} of `{package.name}`: {problem}",
                document.span_of(path),
                path=path,
            )


def _objects(
    lowered: Mapping[str | None, Lowered],
) -> Collection[tuple[str | None, Package, Manifest]]:
    """Every object once, with the first environment that has it."""
    # By identity, which is unique because the values keep the objects alive.
    first: dict[int, tuple[str | None, Package, Manifest]] = {}
    for name, environment in lowered.items():
        for package in environment.all_packages:
            objects = [resource.manifest for resource in package.resources]
            objects += [config_map(c, package, environment.platform) for c in package.configs]
            for manifest in objects:
                first.setdefault(id(manifest), (name, package, manifest))
    return first.values()


Kind = tuple[str, str]


def _kind(manifest: Manifest) -> Kind:
    return str(manifest.get("apiVersion", "")), str(manifest.get("kind", ""))


def problems(manifest: Manifest) -> Iterator[str]:
    """The violations of one object against its schema."""
    api_version, kind = _kind(manifest)
    validator = _validator(api_version, kind)
    if validator is None:
        yield f"there is no schema of {kind} {api_version}"
        return
    if validator.is_valid(manifest):
        return
    violations = list(_violations(manifest)) or [
        (error.instance_path, error.message) for error in validator.iter_errors(manifest)
    ]
    masked = hidden(manifest)
    for path, message in violations:
        steps = list(path)
        value, shown = _at(manifest, steps), _at(masked, steps)
        pointer = "".join(f"/{step}" for step in steps)
        yield f"{pointer or '/'}: {message.replace(repr(value), _in_json(shown))}"


def _in_json(value: Any) -> str:
    """A value as the spec has it: Python's `None` and `True` are no words of YAML."""
    return repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _at(value: Any, steps: Iterable[str | int]) -> Any:
    for step in steps:
        value = value[step]
    return value


def _violations(manifest: Manifest) -> Iterator[tuple[Iterable[str | int], str]]:
    """The place and the cause of each violation, as jsonschema explains it.

    If several schemas are allowed, its `best_match` names the wrong field in the likeliest of them.
    There is no explanation if Python's `re` can't read a pattern of the schema.
    """
    from jsonschema import Draft7Validator
    from jsonschema.exceptions import best_match

    with suppress(re.error):
        for error in Draft7Validator(schema_of(*_kind(manifest)) or {}).iter_errors(manifest):
            cause = best_match([error]) or error
            yield cause.absolute_path, cause.message


@cache
def _shared_validator(names: tuple[tuple[Kind, str], ...]) -> Any:
    """One validator for several of Kubernetes' own kinds, given with the names of their definitions.

    The kinds share most definitions: a validator for each kind would take several times as long to
    build.
    """
    import jsonschema_rs

    branches = [
        {
            "if": {"properties": {"apiVersion": {"const": version}, "kind": {"const": kind}}},
            "then": reference(name),
        }
        for (version, kind), name in names
    ]
    schema = {"allOf": [True, *branches], "definitions": closure(name for _, name in names)}
    return jsonschema_rs.Draft7Validator(schema)


@cache
def _validator(api_version: str, kind: str) -> Any:
    import jsonschema_rs

    schema = schema_of(api_version, kind)
    return None if schema is None else jsonschema_rs.Draft7Validator(schema)
