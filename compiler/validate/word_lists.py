"""Write a text as the list of words that it means: a command line, or the items between commas."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable

_COMMANDS = ("command", "args")
# Words that YAML takes as text without quotes inside brackets, also by its older versions.
_PLAIN = re.compile(r"(?:\.{0,2}/|--?(?=[A-Za-z])|[A-Za-z_])(?:[\w./=@%+-]|:(?=[\w./]))*")
_NOT_TEXT = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
# An operator that stands alone or begins a word, a `;` or a `&` that ends a word.
_OPERATOR = re.compile(r"&&?|\|\|?|[0-9&]?>.*|<.*|[^;]*;|[^&]*&")
_EXPANSION = re.compile(r"\$[A-Za-z_{]|`")


def list_line(key: str, text: str) -> str:
    """The line to write for a list that is written as one text."""
    if key not in _COMMANDS:
        return flow_list(re.split(r"[\s,]+", text.strip(" \t\n,")))
    text = text.strip()
    if _needs_shell(text):
        if key == "args":
            return f"command: {flow_list(['sh', '-c', f'PROGRAM {text}'])}"
        return flow_list(["sh", "-c", text])
    return flow_list(_words(text))


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


def flow_list(words: Iterable[str]) -> str:
    """Words as a YAML list in one line, with quotes where they need them."""
    return f"[{', '.join(map(_flow_word, words))}]"


def _words(text: str) -> list[str]:
    """The words of a command line, as a shell separates them."""
    try:
        return shlex.split(text)
    except ValueError:  # a quote without its end: an apostrophe
        return text.split()


def _flow_word(word: str) -> str:
    is_plain = _PLAIN.fullmatch(word) and word.lower() not in _NOT_TEXT
    # JSON's texts are YAML's in double quotes.
    return word if is_plain else json.dumps(word, ensure_ascii=False)
