"""Labels that the API server refuses, or that platformc sets itself because selectors depend on
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler.diagnostics import Report
from compiler.kube.keys import is_label_key, is_label_value
from compiler.model import PREFIX, Instance, Path, Platform
from compiler.spec.walk import sections

_RESERVED = ("app.kubernetes.io/", f"{PREFIX}/", f"uses.{PREFIX}/")


def check_specs(platforms: Mapping[str, Platform], report: Report) -> None:
    for name, platform in platforms.items():
        _check(platform, report.within(name))


def _check(platform: Platform, report: Report) -> None:
    _check_labels(("metadata", "labels"), platform.labels, platform, report)


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    for path, section in sections(instance.spec, instance.path):
        for name, key in (("labels", "labels"), ("node_selector", "nodeSelector")):
            if name in type(section).model_fields:
                _check_labels((*path, key), getattr(section, name), platform, report)


def _check_labels(
    path: Path, labels: Mapping[str, str], platform: Platform, report: Report
) -> None:
    for label, value in sorted(labels.items()):
        problem = wrong(label, value, selector=path[-1] == "nodeSelector")
        if problem:
            location = (*path, label)
            report.add(
                "invalid-label",
                problem,
                platform.document.span_of(location),
                path=location,
                help="write it like `team: research` or `example.com/team: research`",
            )


def wrong(label: str, value: str, *, selector: bool = False) -> str | None:
    """The reason that a label is refused, or None."""
    if not is_label_key(label):
        return f"`{label}` is not the key of a label"
    if not is_label_value(value):
        return f"`{value}` is not the value of a label"
    if label.startswith(_RESERVED) and not selector:
        return f"`{label}` is set by the compiler; selectors depend on it"
    return None
