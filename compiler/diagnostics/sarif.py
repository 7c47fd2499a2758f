"""Render diagnostics for code scanning services: SARIF 2.1.0 (OASIS standard), one run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

from compiler import __version__
from compiler.diagnostics import Diagnostic
from compiler.diagnostics.codes import CODES
from compiler.diagnostics.masking import Words, messages_masked, no_words
from compiler.document.lines import BREAKS
from compiler.document.span import Span
from compiler.text import json_text

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], words: Words = no_words
) -> str:
    masked = messages_masked(diagnostics, sources, words)
    rules = sorted({diagnostic.code for diagnostic in masked})
    run = {
        "tool": {
            "driver": {
                "name": "platformc",
                "version": __version__,
                "rules": [_rule(code) for code in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "newlineSequences": list(BREAKS),
        "results": [_result(diagnostic, rules) for diagnostic in masked],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_text(log)


def _rule(code: str) -> dict[str, Any]:
    entry = CODES[code]
    return {
        "id": code,
        "shortDescription": {"text": entry.title},
        "help": {"text": f"platformc explain {code}"},
        "defaultConfiguration": {"level": entry.severity},
    }


def _result(diagnostic: Diagnostic, rules: list[str]) -> dict[str, Any]:
    text = "\n".join([diagnostic.message, *(f"help: {line}" for line in diagnostic.help)])
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rules.index(diagnostic.code),
        "level": diagnostic.severity.value,
        "message": {"text": text},
    }
    if diagnostic.span is not None:
        result["locations"] = [_location(diagnostic.span, diagnostic)]
    if diagnostic.related:
        result["relatedLocations"] = [
            {"id": index, "message": {"text": related.message}, **_location(related.span)}
            for index, related in enumerate(diagnostic.related, 1)
        ]
    if diagnostic.environments:
        result["properties"] = {"environments": list(diagnostic.environments)}
    return result


def _location(span: Span, diagnostic: Diagnostic | None = None) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(span.file)},
            "region": {
                "startLine": span.line,
                "startColumn": span.column,
                "endLine": span.end_line,
                "endColumn": span.end_column,
            },
        }
    }
    if diagnostic is not None and diagnostic.path:
        name = ".".join(str(part) for part in diagnostic.path)
        location["logicalLocations"] = [{"fullyQualifiedName": name}]
    return location


def _uri(file: str) -> str:
    from urllib.parse import quote

    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(bytes(path))
