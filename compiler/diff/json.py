"""Render a diff as JSON, for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compiler.diff import Change, worst
from compiler.diff.wording import masked_field, reasons, remedies
from compiler.text import json_text


def render(
    changes: Sequence[Change], strays: Sequence[str] = (), permissions: Sequence[str] = ()
) -> str:
    risk = worst(change.risk for change in changes)
    worst_first = sorted(changes, key=lambda change: -change.risk)
    record = {
        "risk": _slug(risk.label),
        "changes": [_record(change) for change in worst_first],
        "strays": list(strays),
        "permissions": list(permissions),
    }
    return json_text(record)


def _record(change: Change) -> dict[str, Any]:
    return {
        "environment": change.environment,
        "component": change.component,
        "action": str(change.action),
        "kind": change.kind,
        "namespace": change.namespace or None,
        "name": change.name,
        "risk": _slug(change.risk.label),
        "recreation": change.recreation,
        "reasons": list(reasons(change)),
        "remedies": list(remedies(change)),
        "fields": [
            {"path": field.path, "before": field.before, "after": field.after}
            for field in map(masked_field, change.fields)
        ],
        "causes": [{"path": cause.path, "place": cause.place} for cause in change.causes],
    }


def _slug(label: str) -> str:
    return label.replace(" ", "-")
