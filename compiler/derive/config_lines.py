"""Add the user's lines and keys to config files: `files: {redis.conf: "maxclients 500"}`.

A text is appended to the file; a map is merged into a file of YAML. A key that the file sets already
follows from the spec, so a second value for it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from compiler.diagnostics import Report
from compiler.diagnostics.words import listing, suggestion
from compiler.document import Path
from compiler.document.other_files import FileContentError, document
from compiler.kube import yaml
from compiler.model.instance import Instance
from compiler.model.package import Lowered, Package
from compiler.registry import component_of

_KEY = re.compile(r"^[ \t]*([\w.%!-]+)", re.M)  # of a line `key value` or `key = value`


def derive(lowered: Lowered, report: Report) -> Lowered:
    packages = dict(lowered.packages)
    for instance in lowered.platform.having("files"):
        for file, addition in instance.spec.files.items():
            package = packages.get(instance.name)
            path: Path = (*instance.path, "files", file)
            if package is None or not any(file in config.files for config in package.configs):
                _report_missing(package, instance, file, path, lowered, report)
                continue
            packages[instance.name] = _extended(package, file, addition, path, lowered, report)
    return replace(lowered, packages=packages)


def _report_missing(
    package: Package | None, instance: Instance[Any], file: str, path: Path, lowered: Lowered,
    report: Report,
) -> None:  # fmt: skip
    files = sorted(
        {name for config in (package.configs if package else ()) for name in config.files}
    )
    report.add(
        "patch-misses",
        f"`{instance.name}` has no file `{file}`",
        lowered.platform.document.span_of(path),
        path=path,
        help=suggestion(file, files) or f"its files are {listing(files) or 'none'}",
    )


def _extended(
    package: Package, file: str, addition: Any, path: Path, lowered: Lowered, report: Report
) -> Package:
    """The package with an addition to a config file; unchanged if the addition is wrong."""
    configs = []
    for config in package.configs:
        text = config.files.get(file)
        if text is not None:
            if not isinstance(addition, str) and _map_of(text) is None:
                _report_no_map(package, file, path, lowered, report)
                return package
            repeated = list(_repeated(text, addition))
            if repeated:
                _report_derived(package, repeated[0], file, path, lowered, report)
                return package
            config = replace(config, files={**config.files, file: _joined(text, addition)})
        configs.append(config)
    return replace(package, configs=tuple(configs))


def _report_no_map(
    package: Package, file: str, path: Path, lowered: Lowered, report: Report
) -> None:
    report.add(
        "wrong-type",
        f"`{file}` of `{package.name}` is no map of YAML: keys cannot be merged into it",
        lowered.platform.document.value_span(path),
        path=path,
        help="write the lines to append as one text",
    )


def _report_derived(
    package: Package, key: str, file: str, path: Path, lowered: Lowered, report: Report
) -> None:
    assert package.instance is not None
    fields = dict(component_of(package.instance).FILE_KEYS)
    field = fields.get(key)
    report.add(
        "derived-key",
        f"`{file}` of `{package.name}` sets `{key}` already",
        lowered.platform.document.value_span(path),
        path=path,
        help=f"it follows from `{field}` of `{package.name}`: change that"
        if field
        else "it follows from the rest of the spec; a patch of the ConfigMap replaces the whole file",
    )


def _repeated(text: str, addition: Any) -> Iterator[str]:
    """The keys of an addition that the file has."""
    if isinstance(addition, str):
        existing = set(_keys(text))
        yield from (key for key in _keys(addition) if key in existing)
    else:
        yield from _existing_keys(_map_of(text), addition, "")


def _keys(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if not re.match(r"\s*[#;\[]", line)]
    return _KEY.findall("\n".join(lines))


def _existing_keys(existing: Any, addition: Any, at: str) -> Iterator[str]:
    """The keys of an addition that exist already, with dots between nested keys."""
    for key, value in addition.items():
        if not isinstance(existing, dict) or key not in existing:
            continue
        name = f"{at}.{key}" if at else key
        if isinstance(value, dict) and isinstance(existing[key], dict):
            yield from _existing_keys(existing[key], value, name)
        else:
            yield name


def _joined(text: str, addition: Any) -> str:
    if isinstance(addition, str):
        return f"{text.rstrip()}\n\n{addition.rstrip()}\n"
    return yaml.dump(_merged(_map_of(text) or {}, addition))


def _map_of(text: str) -> dict[str, Any] | None:
    """The content of a file; None if it is not a map of YAML."""
    try:
        content = document(text)
    except FileContentError:
        return None
    return (content or {}) if isinstance(content, dict | None) else None


def _merged(existing: dict[str, Any], addition: dict[str, Any]) -> dict[str, Any]:
    merged = dict(existing)
    for key, value in addition.items():
        inner = existing.get(key)
        are_mappings = isinstance(value, dict) and isinstance(inner, dict)
        merged[key] = _merged(inner, value) if are_mappings and isinstance(inner, dict) else value
    return merged
