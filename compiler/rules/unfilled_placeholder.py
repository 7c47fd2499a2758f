"""A placeholder of another tool: Compose and shells fill in `${NAME}`, and Helm `{{ .Values }}`.

Kubernetes replaces only `$(NAME)`, and leaves other text unchanged (Kubernetes API, EnvVar.value).
"""

from __future__ import annotations

import re
from typing import Any

from compiler.check.texts import variables, words
from compiler.diagnostics import Report
from compiler.model import Instance, Platform

_BRACES = r"\$\{(?P<braced>[A-Z_][A-Z0-9_]*)(?::?[-?+][^}]{0,200})?\}"
_HELM = r"\{\{-?\s*(?:\$?\.(?:Values|Release|Chart)\.)[^}]{0,200}\}\}"
_IN_VARIABLES = re.compile(rf"{_BRACES}|{_HELM}")
_IN_WORDS = re.compile(rf"{_BRACES}|(?<![\$\w])\$(?P<plain>[A-Z_][A-Z0-9_]+)\b|{_HELM}")


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    matches = [
        *((path, _IN_VARIABLES.search(text)) for path, text in variables(instance)),
        *((path, _IN_WORDS.search(text)) for path, text in words(instance, in_shell=False)),
    ]
    for path, match in matches:
        if match is not None:
            full = (*instance.path, *path)
            report.add(
                "unfilled-placeholder",
                f"nothing fills in `{match[0]}` of `{instance.name}`",
                platform.document.value_span(full),
                path=full,
                help=_help(match),
            )


def _help(match: re.Match[str]) -> str:
    name = match.groupdict().get("braced") or match.groupdict().get("plain")
    if name is None:
        return "write the value: the spec is no template"
    return f"write `$({name})`, which Kubernetes replaces by a variable of the pod, or the value"
