"""Render diagnostics as one JSON object, for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compiler.diagnostics import Diagnostic
from compiler.diagnostics.fix import Fix
from compiler.diagnostics.masking import Words, messages_masked, no_words
from compiler.document.span import Span
from compiler.text import json_text


def render(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], words: Words = no_words
) -> str:
    records = list(map(_value, messages_masked(diagnostics, sources, words)))
    return json_text({"diagnostics": records})


def _value(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "path": list(diagnostic.path),
        **_position(diagnostic.span),
        "related": [
            {"message": related.message, **_position(related.span)}
            for related in diagnostic.related
        ],
        "help": list(diagnostic.help),
        "environments": list(diagnostic.environments),
        "fix": _fix(diagnostic.fix),
    }


def _fix(fix: Fix | None) -> dict[str, Any] | None:
    """The edit, with a kind of compiler/diagnostics/fix.py."""
    if fix is None:
        return None
    return {"edit": fix.edit.value, "text": fix.text, **_position(fix.span)}


def _position(span: Span | None) -> dict[str, Any]:
    if span is None:
        return {"file": None, "start": None, "end": None}
    return {
        "file": span.file,
        "start": {"line": span.line, "column": span.column},
        "end": {"line": span.end_line, "column": span.end_column},
    }
