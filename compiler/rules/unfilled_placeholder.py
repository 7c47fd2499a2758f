"""A placeholder of another tool: Compose and shells fill in `${NAME}`, and Helm `{{ .Values }}`.

Kubernetes replaces only `$(NAME)`, and leaves other text unchanged (Kubernetes API, EnvVar.value). The system that
makes the pods of a workflow replaces `{{NAME}}` too, and refuses some names.
"""

from __future__ import annotations

import re
from typing import Any

from compiler.check.texts import texts, variables, words
from compiler.diagnostics import Report
from compiler.interfaces import workflows
from compiler.model import Instance, Path, Platform

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
            message = f"nothing fills in `{match[0]}` of `{instance.name}`"
            _report(instance, path, message, _help(match), platform, report)
    for path, text in texts(instance) if getattr(instance.spec, "workflow", False) else ():
        if match := workflows.REFUSED.search(text):
            message = (
                f"Argo would fill in `{match[0]}`, which the only step of `{instance.name}` does not have: "
                "it refuses every run"
            )
            help = "write the value, or other braces: Argo knows no way to leave them as they are"
            _report(instance, path, message, help, platform, report)


def _report(
    instance: Instance[Any], path: Path, message: str, help: str, platform: Platform, report: Report
) -> None:
    full = (*instance.path, *path)
    report.add(
        "unfilled-placeholder", message, platform.document.value_span(full), path=full, help=help
    )


def _help(match: re.Match[str]) -> str:
    name = match.groupdict().get("braced") or match.groupdict().get("plain")
    if name is None:
        return "write the value: the spec is no template"
    return f"write `$({name})`, which Kubernetes replaces by a variable of the pod, or the value"
