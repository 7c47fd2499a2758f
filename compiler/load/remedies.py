"""Choose the help for a text that is not YAML, by libyaml's message and by the text at its mark."""

from __future__ import annotations

import re
from collections.abc import Sequence

from compiler.document.colons import without_space

TEMPLATE = "the language has no templates: write the value, or put quotes around a text with `{{`"
_ELEMENT = re.compile(r"\s*- ([a-z][\w-]{0,62}):?\s*")  # a name as an element of a list
# Parts of libyaml's messages, each with the help for the user.
_SYNTAX = {
    "expected ',' or '}'": "close the map with `}`, or put a comma between its keys",
    "expected ',' or ']'": "close the list with `]`, or put a comma between its elements",
    "did not find expected key": "indent this line like the other keys",
    "did not find expected '-'": "indent this line like the other elements",
    "mapping values are not allowed": "indent the key, or quote the text that holds a colon",
    "could not find expected ':'": "write `key: value`, with a space behind the colon",
    "cannot start any token": "quote the text",
    "unexpected end of stream": "close the quotes",
    "scanning an alias": "quote the text: a `*` at its beginning stands for an alias of YAML",
    "scanning an anchor": "quote the text: a `&` at its beginning stands for an anchor of YAML",
    "unknown escape character": "write `\\\\` for a backslash in double quotes, or use single quotes",
    "hexdecimal number": "write `\\\\` for a backslash in double quotes, or use single quotes",
}


def help_for(problem: str, lines: Sequence[str], start: int, line: int, column: int) -> str:
    """The help for libyaml's message about a mark, or an empty text; `start` is the line in which the construct begins."""
    text = _line(lines, line)
    before, at = text[:column], text[column : column + 1]
    if _line(lines, start).lstrip().startswith("{{") and "block mapping" not in problem:
        return TEMPLATE
    joined = "mapping values are not allowed" in problem and line > 0
    if joined and (help := without_space(_line(lines, line - 1).strip())):
        return help
    if "block mapping" in problem and (help := _of_block(text, before, at)):
        return help
    if " expected ',' or " in problem and at == ":" and ": " in re.split(r"[,{\[]", before)[-1]:
        return "quote the text that holds a colon"
    if "cannot start any token" in problem and at in ("|", ">"):
        return "a text of several lines has no place in braces or brackets: write the map or list in lines, without them"
    return next((remedy for sign, remedy in _SYNTAX.items() if sign in problem), "")


def _line(lines: Sequence[str], number: int) -> str:
    """A line; libyaml also marks the line after the last one."""
    return lines[number] if number < len(lines) else ""


def _of_block(text: str, before: str, at: str) -> str:
    """The help for a line that is no key where keys are expected; empty if its indentation is wrong."""
    if element := _ELEMENT.fullmatch(text):
        return f"the lines above are keys, so write this one as a key: `{element[1]}: {{}}`"
    if at in ("}", "]"):
        return f"delete the `{at}`: it closes nothing"
    if before.endswith(("'", '"')):
        return f"the quotes end before this column: write {_ESCAPED[before[-1]]} for a quote inside them"
    return ""


_ESCAPED = {"'": "`''`", '"': '`\\"`'}
