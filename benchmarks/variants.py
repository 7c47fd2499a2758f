"""Variants of a spec: what each environment makes of it, and one with other values everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.platforms import Spec, merged, text
from benchmarks.template import MODEL, Value, camel
from compiler import pipeline
from compiler.emit.manifests import manifests

Manifest = dict[str, Any]
MARK = "zz"
_SAMPLE = 3  # models suffice to find the text of all
_FIXED = ("apiVersion", "kind", "image", "mode", "format")  # words of the language, or of programs


def sampled(spec: Spec) -> Spec:
    """The same platform with the first models only."""
    kept = list(spec["spec"].get("models", {}))[:_SAMPLE]

    def cut(section: Spec) -> Spec:
        models = {name: one for name, one in section.get("models", {}).items() if name in kept}
        return {**section, "models": models} if "models" in section else section

    inner = cut(spec["spec"])
    environments = {name: cut(one) for name, one in inner.get("environments", {}).items()}
    return {**spec, "spec": {**inner, "environments": environments}}


def base(spec: Spec) -> Spec:
    """The spec without its environments."""
    inner = {key: value for key, value in spec["spec"].items() if key != "environments"}
    return {**spec, "spec": inner}


def effective(spec: Spec) -> dict[str, Spec]:
    """The spec of each environment, as one without environments."""
    plain = base(spec)
    overrides = spec["spec"].get("environments", {})
    return {name: {**spec, "spec": merged(plain["spec"], one)} for name, one in overrides.items()}


def objects(spec: Spec) -> list[Manifest]:
    """What a spec without environments compiles to."""
    result = pipeline.compile(text(spec).encode(), "platform.yaml")
    if result.report.failed:
        raise ValueError("\n".join(one.message for one in result.report.sorted()))
    return manifests(result.lowered[None])


def otherwise(spec: Spec) -> Spec:
    """The base with every value another that may be another."""
    other = base(spec)
    count = len(objects(other))
    for number, (path, value) in enumerate(list(_scalars(other, ()))):
        changes = (_with(other, path, one) for one in _others(value, number))
        other = next((change for change in changes if _makes(change, count)), other)
    return other


def _makes(spec: Spec, count: int) -> bool:
    """Whether a spec is a valid one, of as many objects."""
    try:
        return len(objects(spec)) == count
    except ValueError:
        return False


def _scalars(spec: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in spec.items():
        if isinstance(value, dict):
            yield from _scalars(value, (*path, key))
        elif key not in _FIXED and isinstance(value, int | str):
            yield (*path, key), value


def _others(value: Any, number: int) -> Sequence[Any]:
    """Values to try instead of one; text bears a mark that is found again in the output."""
    mark = f"{MARK}{number}{MARK}"
    if isinstance(value, bool):
        return ()
    if isinstance(value, int):
        return value + 1 + number % 5, value + 1
    size = re.fullmatch(r"(\d+)([KMGT]i)", value)
    return (f"{int(size[1]) + 1 + number}{size[2]}",) if size else (mark, f"{value}{mark}")


def _with(spec: Spec, path: tuple[str, ...], value: Any) -> Spec:
    head, *rest = path
    return {**spec, head: _with(spec[head], tuple(rest), value) if rest else value}


def values(spec: Spec) -> dict[Value, Any]:
    """The values of a spec's components, workloads and settings."""
    inner = dict(spec["spec"])
    found: dict[Value, Any] = {Value("platform", "name"): spec["metadata"]["name"]}
    for group in ("components", "workloads"):
        for name, section in inner.pop(group, {}).items():
            found |= {Value(camel(name), key): value for key, value in flat(section).items()}
    settings = {key: one for key, one in inner.items() if key not in ("models", "environments")}
    found |= {Value("platform", key): value for key, value in flat(settings).items()}
    return found


def of_model(spec: Spec, name: str) -> dict[Value, Any]:
    """The values of one model."""
    given = flat(spec["spec"]["models"][name])
    return {Value(MODEL, "name"): name} | {Value(MODEL, key): one for key, one in given.items()}


def flat(section: Spec) -> dict[str, Any]:
    """The scalars of a section by their paths as keys."""
    found: dict[str, Any] = {}
    for key, value in section.items():
        if isinstance(value, dict):
            found |= {camel(f"{key} {inner}"): one for inner, one in flat(value).items()}
        elif isinstance(value, int | str):
            found[camel(key)] = value
    return found
