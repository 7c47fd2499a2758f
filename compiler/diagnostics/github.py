"""Render diagnostics as GitHub workflow commands: annotations on the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from compiler.diagnostics import Diagnostic, Severity
from compiler.diagnostics.masking import Words, messages_masked, no_words
from compiler.text import printable

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], words: Words = no_words
) -> str:
    return "".join(map(_command, messages_masked(diagnostics, sources, words)))


def _command(diagnostic: Diagnostic) -> str:
    properties = {"title": diagnostic.code}
    if diagnostic.span is not None:
        span = diagnostic.span
        position = {
            "file": span.file,
            "line": span.line,
            "col": span.column,
            "endLine": span.end_line,
        }
        properties = {key: str(value) for key, value in position.items()} | properties
    written = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    lines = [diagnostic.message, *(f"help: {line}" for line in diagnostic.help)]
    return f"::{_COMMANDS[diagnostic.severity]} {written}::{_data(chr(10).join(lines))}\n"


def _data(text: str) -> str:
    """Escape the text after `::`, where a line break would end the command.

    The log shows the text, so signs that steer a terminal or reorder text are escaped too.
    """
    return "%0A".join(printable(line).replace("%", "%25") for line in text.split("\n"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
