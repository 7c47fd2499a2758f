"""Make untrusted text safe to print, with one function for each kind of output.

A spec, a tree and the answer of a cluster may hold anything: sequences that steer a terminal, marks
that reorder text, commands of a CI system's log, Markdown. A character that is not plain and printable
is written as its escape, so that readers see it.
"""

from __future__ import annotations

import re
import shlex

_BEGINNINGS = {
    "A",
    "An",
    "How",
    "Its",
    "Make",
    "No",
    "The",
    "What",
    "When",
    "Where",
    "Whether",
    "Which",
}
_SPACES = re.compile(r"\s+")


def printable(text: str) -> str:
    """Text for a terminal: characters that control it, and that hide or reorder text, are escaped.

    The `##[` of commands is escaped too: GitHub's runner obeys it anywhere in a line of its log
    (actions/runner, src/Runner.Common/ActionCommand.cs).
    """
    if not text.isprintable():
        text = "".join(
            char if char == "\t" or char.isprintable() else _escaped(ord(char)) for char in text
        )
    return text.replace("##[", "#\\u0023[")


def _escaped(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def log_line(text: str) -> str:
    """A line for a terminal or the log of a CI system, which finds no `::command::` at its beginning."""
    line = printable(text)
    if line.lstrip().startswith("::"):
        line = line.replace("::", "\\u003a:", 1)
    return line


def json_text(record: object) -> str:
    """JSON for programs. A byte of a file's name that is not UTF-8 is written as its escape, as in `printable`.

    JSON's own escape of it would be half of a pair, which many programs refuse or replace (RFC 8259, 8.2).
    """
    import json  # not needed by a compile that changes nothing

    text = json.dumps(record, indent=2, default=str)
    return _JSON_ESCAPES.sub(lambda match: f"\\\\{match[1]}" if match[1] else match[0], text) + "\n"


# An escaped backslash, a whole pair, or half of a pair.
_JSON_ESCAPES = re.compile(r"\\\\|\\ud[89ab]..\\ud[c-f]..|\\(ud[89a-f]..)")


def markdown_cell(text: str) -> str:
    """Text in a cell of a Markdown table, where it cannot add a column, tag, link, line or mention."""
    escaped = printable(_SPACES.sub(" ", text).strip()).replace("&", "&amp;")
    escaped = escaped.replace("<", "&lt;").replace(">", "&gt;")
    escaped = re.sub(r"([\\`*_{}\[\]()#+!|~])", r"\\\1", escaped)
    return escaped.replace("@", "@\u200b").replace("://", ":\u200b//")


def markdown_code(text: str) -> str:
    """Text as code in an item of a list. (In a table, `|` would need a backslash, which shows everywhere else.)"""
    plain = printable(_SPACES.sub(" ", text).strip()).replace("`", "'")
    return f"`{plain}`" if plain else ""


def svg_text(text: str) -> str:
    """Text between tags or in an attribute of an SVG picture."""
    return printable(text).translate(_ENTITIES)


def mermaid_label(text: str) -> str:
    """Text in the quotes of a Mermaid label, with special signs written by name or number.

    (mermaid.js.org, Flowcharts, Entity codes to escape characters.)
    """
    if _NAMES.fullmatch(text):  # most labels: thousands of models have several
        return text
    return printable(_SPACES.sub(" ", text)).translate(_CODES)


_NAMES = re.compile(r"[\w .:,/-]*", re.ASCII)
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
_CODES = str.maketrans(
    {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;", "\\": "#92;"}
)


def shell_stop(variable: str, task: str) -> str:
    """A shell command that ends the script with a task, until a variable confirms it.

    The quotes are around the task alone: in `"${NAME:?task}"`, bash would take an apostrophe for a quote.
    """
    return f": ${{{variable}:?{shlex.quote(printable(task))}}}"


def uncapitalised(sentence: str) -> str:
    """A sentence as the end of another one: without its stop, and with a small letter unless it begins with a name."""
    word, space, rest = sentence.partition(" ")
    first = word.lower() if word in _BEGINNINGS else word
    return f"{first}{space}{rest}".removesuffix(".")
