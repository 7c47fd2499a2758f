"""Labels that platformc sets itself, because selectors depend on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler.diagnostics import Report
from compiler.model import PREFIX, USES, Instance, Path, Platform
from compiler.spec.section import Section
from compiler.spec.walk import sections

_RESERVED = ("app.kubernetes.io/", f"{PREFIX}/", USES)


def check_specs(platforms: Mapping[str, Platform], report: Report) -> None:
    for name, platform in platforms.items():
        path = ("metadata", "labels")
        _check_labels(path, platform.labels, platform, report.within(name))


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    for path, section in sections(instance.spec, instance.path, _has_labels):
        _check_labels((*path, "labels"), section.labels, platform, report)


def _has_labels(section: type[Section]) -> bool:
    return "labels" in section.model_fields


def _check_labels(
    path: Path, labels: Mapping[str, str], platform: Platform, report: Report
) -> None:
    for label in sorted(labels):
        if label.startswith(_RESERVED):
            location = (*path, label)
            report.add(
                "invalid-label",
                f"`{label}` is set by the compiler; selectors depend on it",
                platform.document.span_of(location),
                path=location,
                help="write another label, like `team: research` or `example.com/team: research`",
            )
