"""Variants of a spec: one for each environment, and one with other values everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.platforms import Spec, merged, text
from benchmarks.template import LABEL, MODEL, Value, camel
from compiler import pipeline
from compiler.emit.manifests import manifests

Manifest = dict[str, Any]
MARK = "zz"
_SAMPLE = 3  # models suffice to find the text of all
_FIXED = ("apiVersion", "kind", "image", "mode", "format")  # words of the language, or of programs


def sampled(spec: Spec) -> Spec:
    """The same platform with the first models only."""
    retained = list(spec["spec"].get("models", {}))[:_SAMPLE]

    def cut(section: Spec) -> Spec:
        models = {
            name: entry for name, entry in section.get("models", {}).items() if name in retained
        }
        return {**section, "models": models} if "models" in section else section

    inner = cut(spec["spec"])
    environments = {name: cut(item) for name, item in inner.get("environments", {}).items()}
    return {**spec, "spec": {**inner, "environments": environments}}


def base(spec: Spec) -> Spec:
    """The spec without its environments."""
    inner = {key: value for key, value in spec["spec"].items() if key != "environments"}
    return {**spec, "spec": inner}


def effective(spec: Spec) -> dict[str, Spec]:
    """The spec of each environment, as one without environments."""
    plain = base(spec)
    overrides = spec["spec"].get("environments", {})
    return {
        name: {**spec, "spec": merged(plain["spec"], override)}
        for name, override in overrides.items()
    }


def objects(spec: Spec) -> list[Manifest]:
    """The objects of a spec without environments."""
    result = pipeline.compile(text(spec).encode(), "platform.yaml")
    if result.report.failed:
        raise ValueError("\n".join(item.message for item in result.report.sorted()))
    return manifests(result.lowered[None])


def instance(manifest: Manifest) -> str:
    """The name of the instance to which an object belongs."""
    return str(manifest["metadata"]["labels"][f"{LABEL}instance"])


def otherwise(spec: Spec) -> Spec:
    """The base with every value another that may be another."""
    second = base(spec)
    count = len(objects(second))
    for number, (path, value) in enumerate(list(_scalars(second, ()))):
        changes = (_with(second, path, item) for item in _alternatives(value, number))
        second = next((change for change in changes if _is_valid(change, count)), second)
    return second


def _is_valid(spec: Spec, count: int) -> bool:
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


def _alternatives(value: Any, number: int) -> Sequence[Any]:
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
    results: dict[Value, Any] = {Value("platform", "name"): spec["metadata"]["name"]}
    for group in ("components", "workloads"):
        for name, section in inner.pop(group, {}).items():
            results |= {Value(camel(name), key): value for key, value in flat(section).items()}
    settings = {key: item for key, item in inner.items() if key not in ("models", "environments")}
    results |= {Value("platform", key): value for key, value in flat(settings).items()}
    return results


def of_model(spec: Spec, name: str) -> dict[Value, Any]:
    """The values of one model."""
    settings = flat(spec["spec"]["models"][name])
    return {Value(MODEL, "name"): name} | {
        Value(MODEL, key): setting for key, setting in settings.items()
    }


def flat(section: Spec) -> dict[str, Any]:
    """The scalars of a section by their paths as keys."""
    results: dict[str, Any] = {}
    for key, value in section.items():
        if isinstance(value, dict):
            results |= {camel(f"{key} {inner}"): item for inner, item in flat(value).items()}
        elif isinstance(value, int | str):
            results[camel(key)] = value
    return results
