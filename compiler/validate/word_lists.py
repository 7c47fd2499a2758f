"""Write a text as the list of words that it means: a command line, or the items between commas."""

from __future__ import annotations

import re
import shlex

from compiler.document.flow_style import flow_style

_COMMANDS = ("command", "args")
# An operator that stands alone or begins a word, a `;` or a `&` that ends a word.
_OPERATOR = re.compile(r"&&?|\|\|?|[0-9&]?>.*|<.*|[^;]*;|[^&]*&")
_EXPANSION = re.compile(r"\$[A-Za-z_{]|`")


def list_line(key: str, text: str) -> str:
    """The line to write for a list that is written as one text."""
    if key not in _COMMANDS:
        return flow_style(re.split(r"[\s,]+", text.strip(" \t\n,")))
    text = text.strip()
    if _needs_shell(text):
        if key == "args":
            return f"command: {flow_style(['sh', '-c', f'PROGRAM {text}'])}"
        return flow_style(["sh", "-c", text])
    return flow_style(_words(text))


def _needs_shell(text: str) -> bool:
    """Whether a command line has operators, variables or several lines outside quotes."""
    lexer = shlex.shlex(text, posix=False)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        words = list(lexer)
    except ValueError:  # a quote without its end
        return False
    quoted_lines = sum(word.count("\n") for word in words)
    return text.count("\n") > quoted_lines or any(
        _OPERATOR.fullmatch(word) or (word[0] != "'" and _EXPANSION.search(word)) for word in words
    )


def _words(text: str) -> list[str]:
    """The words of a command line, as a shell separates them."""
    try:
        return shlex.split(text)
    except ValueError:  # a quote without its end: an apostrophe
        return text.split()
