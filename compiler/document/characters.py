"""Find the characters of a text that YAML does not allow, or that a reader does not see."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler.document.lines import line_ends, lines
from compiler.document.span import Span

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# The characters that YAML does not allow in a text (1.2.2, chapter 5.1).
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# Line ends of YAML 1.1 that editors do not show as such, marks of direction, soft hyphens, spaces without a width, and
# tags (Unicode 16.0, chapter 23).
_HIDDEN = re.compile(
    r"\r(?!\n)|[\x85\u2028\u2029\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    r"\u3164\ufeff\uffa0\U000e0000-\U000e007f]"
)


def is_printable(text: str) -> bool:
    """Whether a text contains no control character.

    YAML allows most of them as escapes, and U+0085 directly. kustomize 5.8 writes DEL in a form
    that it cannot read, and U+0085 in a form that it reads as a space.
    """
    return _UNPRINTABLE.search(text) is None


def hidden(text: str, file: str) -> Iterator[tuple[str, Span]]:
    """The first character of each line that an editor does not show or that reorders its text.

    Comments count too: a reviewer would approve the shown text, and the compiler would read another one.
    """
    if text.isascii() and "\r" not in text:
        return
    if "\n" not in text:  # CR ends all lines, and editors show it
        text = text.replace("\r", "\n")
    ended = (line + end for line, end in zip(lines(text), line_ends(text), strict=True))
    for number, line in enumerate(ended, 1):
        match = _HIDDEN.search(line)
        if match:
            yield match[0], Span(file, number, match.start() + 1, number, match.end() + 1)


def forbidden(text: str, file: str) -> tuple[str, Span] | None:
    """The first character that YAML does not allow, if there is one."""
    match = _FORBIDDEN.search(text)
    if match is None:
        return None
    line = text.count("\n", 0, match.start()) + 1
    column = match.start() - text.rfind("\n", 0, match.start())
    return match[0], Span(file, line, column, line, column + 1)
