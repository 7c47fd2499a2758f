"""Report a text that is not YAML: the cause that libyaml's message or the text shows, and what to type."""

from __future__ import annotations

from itertools import islice

import yaml

from compiler.diagnostics import Related, Report
from compiler.document.characters import forbidden
from compiler.document.conflicts import conflict_markers
from compiler.document.lines import lines
from compiler.document.span import Span
from compiler.load.remedies import help_for

_MOST_MARKERS = 10


def forbidden_character(error: yaml.YAMLError, text: str, file: str, report: Report) -> None:
    """Report the character at which libyaml stops to read: its own error has no line."""
    character = forbidden(text, file)
    if character is None:
        report.add("invalid-yaml", f"not YAML: {_sentence(str(error))}", Span(file, 1, 1, 1, 2))
        return
    letter, span = character
    if "\0" in text[:2]:  # each letter of ASCII has a zero byte beside it
        report.add(
            "invalid-encoding", "the file is UTF-16, not UTF-8", span, help="save the file as UTF-8"
        )
        return
    report.add(
        "control-character",
        f"the character U+{ord(letter):04X} is not allowed in YAML",
        span,
        help="remove it: an editor may not show it",
    )


def _conflict(text: str, file: str, report: Report) -> bool:
    """Report the conflict markers of a merge as one error. Returns whether there are any."""
    markers = list(islice(conflict_markers(text, file), _MOST_MARKERS))
    if not markers:
        return False
    (_, span), *further = markers
    report.add(
        "invalid-yaml",
        "not YAML: the file has the conflict markers of a merge",
        span,
        help="write the lines that both sides need, and delete the lines that begin with `<<<<<<<`, `=======` "
        "and `>>>>>>>`",
        related=[Related(f"the marker `{marker}`", span) for marker, span in further],
    )
    return True


def syntax_error(error: yaml.MarkedYAMLError, text: str, file: str, report: Report) -> None:
    """Report an error of libyaml, with the cause that its message or the text shows."""
    if _conflict(text, file, report):
        return
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    span = Span(file, line + 1, column + 1, line + 1, column + 2)
    of_text = lines(text)
    at = of_text[line][column : column + 1] if line < len(of_text) else ""
    if at == "\t":
        report.add("tab-indent", "a tab indents this line", span, help="use spaces")
        return
    problem = _sentence(" ".join(filter(None, (error.context, error.problem))))
    context = error.context_mark
    start = (
        Span(file, context.line + 1, context.column + 1, context.line + 1, context.column + 2)
        if context
        else span
    )
    related = [Related("it starts here", start)] if start != span else []
    help = help_for(problem, of_text, start.line - 1, line, column)
    report.add("invalid-yaml", f"not YAML: {problem}", span, help=help or (), related=related)


def _sentence(text: str) -> str:
    return " ".join(text.split()).rstrip(".") or "unknown problem"
