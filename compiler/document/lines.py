"""Split a text into lines as libyaml counts them, so that positions, excerpts and edits agree.

libyaml follows YAML 1.1: besides LF, CR and CRLF, it ends a line at NEL (U+0085), LS (U+2028) and PS
(U+2029), in comments too. Most editors do not.
"""

from __future__ import annotations

import re

BREAKS = ("\r\n", "\n", "\r", "\x85", "\u2028", "\u2029")  # CRLF before CR
_BREAK = re.compile("|".join(BREAKS))


def lines(text: str) -> list[str]:
    """The lines of a text, without their ends. After a last line end, there is an empty line."""
    if text.isascii() and "\r" not in text:
        return text.split("\n")
    return _BREAK.split(text)


def line_ends(text: str) -> list[str]:
    """The end of each line of a text; the last line has an empty end."""
    return [*_BREAK.findall(text), ""]
