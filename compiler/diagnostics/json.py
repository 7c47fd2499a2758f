"""Diagnostics for programs, as one JSON object."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from compiler.diagnostics import Diagnostic
from compiler.diagnostics.fix import Fix
from compiler.diagnostics.masking import messages_masked
from compiler.document.span import Span


def render(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str]) -> str:
    found = [_value(messages_masked(one)) for one in diagnostics]
    return json.dumps({"diagnostics": found}, indent=2) + "\n"


def _value(found: Diagnostic) -> dict[str, Any]:
    return {
        "code": found.code,
        "severity": found.severity.value,
        "message": found.message,
        "path": list(found.path),
        **_place(found.span),
        "related": [{"message": one.message, **_place(one.span)} for one in found.related],
        "help": list(found.help),
        "environments": list(found.environments),
        "fix": _fix(found.fix),
    }


def _fix(fix: Fix | None) -> dict[str, Any] | None:
    """An edit: `write`, `quote`, `insert` or `remove`, as compiler/diagnostics/fix.py has them."""
    if fix is None:
        return None
    return {"edit": fix.edit.value, "text": fix.text, **_place(fix.span)}


def _place(span: Span | None) -> dict[str, Any]:
    if span is None:
        return {"file": None, "start": None, "end": None}
    return {
        "file": span.file,
        "start": {"line": span.line, "column": span.column},
        "end": {"line": span.end_line, "column": span.end_column},
    }
