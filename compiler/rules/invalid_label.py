"""Labels that platformc sets itself, because selectors depend on them, and labels that a mesh obeys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler.diagnostics import Report
from compiler.interfaces import mesh
from compiler.model import PREFIX, Instance, Path, Platform

HELP = "write another label, like `team: research` or `example.com/team: research`"
_RESERVED = (".app.kubernetes.io", f".{PREFIX}")  # the ends of prefixes, after a dot


def check_spec(platform: Platform, report: Report) -> None:
    _check_labels(("metadata", "labels"), platform.labels, platform, report)


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    # Other sections select pods of others by their labels, such as those of a gateway.
    _check_labels((*instance.path, "labels"), instance.spec.labels, platform, report)


def _check_labels(
    path: Path, labels: Mapping[str, str], platform: Platform, report: Report
) -> None:
    for label in sorted(labels):
        if reason := _reason(label):
            location = (*path, label)
            report.add(
                "invalid-label",
                f"`{label}` {reason}",
                platform.document.span_of(location),
                path=location,
                help=HELP,
            )


def _reason(label: str) -> str | None:
    """The reason why a label is refused, or None."""
    if f".{label.partition('/')[0]}".endswith(_RESERVED) and "/" in label:
        return "is set by the compiler; selectors depend on it"
    if mesh.obeys(label):
        return "is read by the mesh, and could take pods out of it"
    return None
