"""Hide credentials in the lines of the spec that diagnostics quote.

Besides what `masking.py` hides, a value is hidden if its key is unknown and close to a credential's
name, and a text of several lines if the key above it suggests a credential.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from compiler.diagnostics import Diagnostic
from compiler.diagnostics.credentials import Stretch, after_names, sounds_secret, tokens
from compiler.diagnostics.masking import Line
from compiler.document.lines import lines
from compiler.document.span import Span

Place = tuple[str, int]  # a file and the number of a line
_FURTHEST = 5000  # lines of one text


class MaskedFiles(Struct, frozen=True):
    """The lines of the files that diagnostics quote, and the spans in them to hide."""

    texts: Mapping[str, list[str]]
    hidden: Mapping[Place, list[Span]]  # whole values
    unknown: Mapping[Place, list[Span]]  # keys, whose values are hidden

    def line(self, file: str, number: int) -> Line | None:
        """One masked line, or None if the file has no such line."""
        lines = self.texts.get(file, [])
        if not 0 < number <= len(lines):
            return None
        line = lines[number - 1]
        if _inside_credential(lines, number - 1):
            indent = len(line) - len(line.lstrip())
            return Line.of(line, [(indent, len(line))])
        if _beside_credential(lines, number - 1):
            return Line.of(line, [(line.index(":") + 2, len(line))])
        spans = [
            (span.column - 1, span.end_column - 1 if span.end_line == number else len(line))
            for span in self.hidden.get((file, number), ())
        ]
        after_keys = [
            (span.end_column - 1, _end_of_value(line, span.column - 1, span.end_column - 1))
            for span in self.unknown.get((file, number), ())
        ]
        return Line.of(
            line,
            [*spans, *_values(line, after_keys), *after_names(line, to_end=True), *tokens(line)],
        )


def masked_files(texts: Mapping[str, str], diagnostics: Iterable[Diagnostic]) -> MaskedFiles:
    """Hide the values of plaintext-secret diagnostics, and the values of misspelt names of credentials.

    The values of other unknown keys stay visible, because users look for their typing errors.
    """
    diagnostics = tuple(diagnostics)
    by_file = {file: lines(text) for file, text in texts.items()}
    return MaskedFiles(
        by_file,
        _by_line(
            diagnostic.span
            for diagnostic in diagnostics
            if diagnostic.span and diagnostic.code == "plaintext-secret"
        ),
        _by_line(
            diagnostic.span
            for diagnostic in diagnostics
            if diagnostic.span
            and diagnostic.code == "unknown-key"
            and _suggests_secret(_text_at(by_file, diagnostic.span))
        ),
    )


def _by_line(spans: Iterable[Span]) -> dict[Place, list[Span]]:
    by_line: dict[Place, list[Span]] = {}
    for span in spans:
        by_line.setdefault((span.file, span.line), []).append(span)
    return by_line


# Parts of names that users give to credentials; an unknown key that is close to one hides its value.
_PARTS = ("password", "passwd", "pwd", "pass", "pw", "passphrase", "secret", "token", "credential",
          "credentials", "auth", "apikey", "private")  # fmt: skip


def _suggests_secret(key: str) -> bool:
    from difflib import get_close_matches  # only mistakes need it

    parts = [part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", key[:64])]
    return sounds_secret(key[:64]) or any(get_close_matches(part, _PARTS, 1, 0.8) for part in parts)


def _text_at(lines: Mapping[str, list[str]], span: Span) -> str:
    of_file = lines.get(span.file, [])
    line = of_file[span.line - 1] if span.line <= len(of_file) else ""
    return line[span.column - 1 : span.end_column - 1] if span.line == span.end_line else ""


def _end_of_value(line: str, key: int, start: int) -> int:
    """The end of a key's value: the next comma or bracket inside braces, else the end of the line."""
    depth = sum(1 if sign in "{[" else -1 for _, sign in _signs(line[:key]) if sign != ",")
    if depth < 1:
        return len(line)
    below = 0
    for index, sign in _signs(line[start:]):
        if below == 0 and sign in "}],":
            return start + index
        below += {"{": 1, "[": 1, "}": -1, "]": -1}.get(sign, 0)
    return len(line)


def _signs(text: str) -> Iterator[tuple[int, str]]:
    """Commas and brackets outside quotes. An apostrophe taken for a quote only hides more."""
    quote, escaped = "", False
    for index, char in enumerate(text):
        if quote:
            closed = char == quote and not escaped
            escaped = quote == '"' and char == "\\" and not escaped
            quote = "" if closed else quote
        elif char in "\"'":
            quote = char
        elif char in "{}[],":
            yield index, char


def _values(line: str, stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """The stretch of each key's value after its colon; none if the key has no value."""
    for start, end in stretches:
        rest = line[start:end]
        if rest.strip(" :\"'{}[],"):
            colon = rest.find(":") + 1
            yield start + colon + len(rest[colon:]) - len(rest[colon:].lstrip()), end


_VALUE = re.compile(r"\s*(?:- )?value: ")
_NEIGHBOUR = re.compile(r"\s*(?:- )?(?:name|path): [\"']?(\S+)")


def _beside_credential(lines: list[str], index: int) -> bool:
    """Whether a line is the `value` of a variable or of a patch whose name or path suggests a credential.

    `name`, or `op` and `path`, stand at most two lines away.
    """
    if not _VALUE.match(lines[index]):
        return False
    neighbours = map(_NEIGHBOUR.match, lines[max(0, index - 2) : index + 3])
    names = (match[1].rpartition("/")[2] for match in neighbours if match)
    return any(sounds_secret(name) for name in names)


def _inside_credential(lines: list[str], index: int) -> bool:
    """Whether a line belongs to a text of several lines under a key with a credential's name."""
    indent = len(lines[index]) - len(lines[index].lstrip())
    for line in reversed(lines[max(0, index - _FURTHEST) : index]):
        depth = len(line) - len(line.lstrip())
        if not line.strip() or depth >= indent:
            continue
        indent = depth
        key = line.strip().partition(":")[0].strip("\"'- ")
        if sounds_secret(key):
            return True
        if depth == 0:
            return False
    return False
