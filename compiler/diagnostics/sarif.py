"""Diagnostics for code scanning services: SARIF 2.1.0 (OASIS standard), one run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

from compiler import __version__
from compiler.diagnostics import Diagnostic
from compiler.diagnostics.codes import CODES
from compiler.diagnostics.masking import messages_masked
from compiler.document.span import Span

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str]) -> str:
    found = [messages_masked(one) for one in diagnostics]
    rules = sorted({one.code for one in found})
    run = {
        "tool": {
            "driver": {
                "name": "platformc",
                "version": __version__,
                "rules": [_rule(code) for code in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, rules) for one in found],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def _rule(code: str) -> dict[str, Any]:
    known = CODES[code]
    return {
        "id": code,
        "shortDescription": {"text": known.title},
        "help": {"text": f"platformc explain {code}"},
        "defaultConfiguration": {"level": known.severity},
    }


def _result(found: Diagnostic, rules: list[str]) -> dict[str, Any]:
    text = "\n".join([found.message, *(f"help: {line}" for line in found.help)])
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": rules.index(found.code),
        "level": found.severity.value,
        "message": {"text": text},
    }
    if found.span is not None:
        result["locations"] = [_location(found.span, found)]
    if found.related:
        result["relatedLocations"] = [
            {"id": index, "message": {"text": one.message}, **_location(one.span)}
            for index, one in enumerate(found.related, 1)
        ]
    if found.environments:
        result["properties"] = {"environments": list(found.environments)}
    return result


def _location(span: Span, found: Diagnostic | None = None) -> dict[str, Any]:
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
    if found is not None and found.path:
        name = ".".join(str(part) for part in found.path)
        location["logicalLocations"] = [{"fullyQualifiedName": name}]
    return location


def _uri(file: str) -> str:
    from urllib.parse import quote

    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
