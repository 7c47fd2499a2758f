"""Hide credentials: in quoted lines of the spec, in messages and in values.

The value of a key is hidden if the key's name suggests a credential, or if the language does not
know the key, because it may be a misspelt one. Known forms of tokens and random words are hidden
everywhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from math import log2

from msgspec import Struct
from msgspec.structs import replace

from compiler.diagnostics import Diagnostic, Related
from compiler.document import Path
from compiler.document.span import Span

MASK = "********"
_WORDS = (
    r"(?:passw|passphrase|pwd|secret|token|credential|private|api[-_]?key|access[-_]?key"
    r"|auth[-_]?key|signing[-_]?key)"
)
# A key whose name suggests a credential, and the scalar after it, in block or flow style.
_CREDENTIAL = re.compile(
    rf"(?i)(\b[\w.-]*{_WORDS}[\w.-]*[\"']?\s*[:=]\s*)"
    r"((?:\"[^\"]*\"?)|(?:'[^']*'?)|[^\s{}\[\],][^{}\[\],]*)"
)
_SOUNDS = re.compile(rf"(?i){_WORDS}")
# Keys whose names suggest a credential but which hold only names of Secrets.
_NAMES = {"secrets", "pullSecrets", "secretName", "provider", "existingSecret"}
# Tokens with a recognisable form, by their issuers.
TOKENS = re.compile(
    r"AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}"
    r"|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}|hf_[A-Za-z0-9]{30,}|sk-[A-Za-z0-9_-]{20,}"
    r"|AIza[\w-]{35}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|dckr_pat_[\w-]{20,}|pypi-[\w-]{30,}|npm_[A-Za-z0-9]{30,}|hvs\.[\w-]{20,}"
)
# A path of words, such as a patch's: `/spec/template/spec/containers/0/securityContext`.
_PATH = re.compile(r"(/([A-Za-z]+|[0-9]+|-))+/?")
WORD = re.compile(r"[A-Za-z0-9+/_=-]{32,}")  # long enough for a key
PASSWORD_IN_URL = re.compile(r"(://[^/\s:@]*:)([^/\s@$][^/\s@]*)(?=@)")


def sounds_secret(key: str) -> bool:
    """Whether the name of a key suggests that its value is a credential."""
    return key not in _NAMES and _SOUNDS.search(key) is not None


def random(word: str) -> bool:
    """Whether a word is as random as a key: mixed letters and digits, over four bits per character."""
    mixed = all(re.search(form, word) for form in ("[a-z]", "[A-Z]", r"\d"))
    return mixed and entropy(word) > 4 and not _PATH.fullmatch(word)


def entropy(word: str) -> float:
    """Shannon entropy in bits per character."""
    shares = [count / len(word) for count in Counter(word).values()]
    return -sum(share * log2(share) for share in shares)


def tokens_masked(text: str) -> str:
    """Mask known forms of tokens, random words, and passwords inside URLs."""
    plain = WORD.sub(lambda match: MASK if random(match[0]) else match[0], TOKENS.sub(MASK, text))
    return PASSWORD_IN_URL.sub(rf"\1{MASK}", plain)


def value_masked(message: str, path: Path, value: object) -> str:
    """Mask the value in a message about it, if its path suggests a credential."""
    if not isinstance(value, (str, int, float)) or isinstance(value, bool) or str(value) == "":
        return message
    if any(isinstance(part, str) and sounds_secret(part) for part in path):
        return message.replace(str(value), MASK)
    return message


def messages_masked(diagnostic: Diagnostic) -> Diagnostic:
    """The diagnostic with all its texts masked, safe for any renderer to print."""

    return replace(
        diagnostic,
        message=tokens_masked(diagnostic.message),
        path=tuple(
            tokens_masked(part) if isinstance(part, str) else part for part in diagnostic.path
        ),
        help=tuple(tokens_masked(line) for line in diagnostic.help),
        related=tuple(
            Related(tokens_masked(place.message), place.span) for place in diagnostic.related
        ),
    )


Stretch = tuple[int, int]  # start and end column in a line


class Line(Struct, frozen=True):
    """A masked line of the spec, and the stretches of the original line that are hidden."""

    text: str
    hidden: tuple[Stretch, ...]

    @classmethod
    def of(cls, line: str, hidden: Iterable[Stretch]) -> Line:
        merged: list[Stretch] = []
        for start, end in sorted(stretch for stretch in hidden if stretch[0] < stretch[1]):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        text, at = "", 0
        for start, end in merged:
            text, at = f"{text}{line[at:start]}{MASK}", end
        return cls(text + line[at:], tuple(merged))

    def column(self, index: int) -> int:
        """Map a column of the original line to the masked one; inside a hidden stretch, to its
        start.
        """
        moved = 0
        for start, end in self.hidden:
            if start < index < end:
                return start + moved
            if index >= end:
                moved += len(MASK) - (end - start)
        return index + moved


class MaskedFiles(Struct, frozen=True):
    """The lines of the files that diagnostics quote, and the spans in them to hide."""

    texts: Mapping[str, list[str]]
    hidden: tuple[Span, ...]  # whole values
    unknown: tuple[Span, ...]  # keys, whose values are hidden

    def line(self, file: str, number: int) -> Line | None:
        """One masked line, or None if the file has no such line."""
        lines = self.texts.get(file, [])
        if not 0 < number <= len(lines):
            return None
        line = lines[number - 1]
        if _inside_credential(lines, number - 1):
            indent = len(line) - len(line.lstrip())
            return Line.of(line, [(indent, len(line))])
        spans = [
            (span.column - 1, span.end_column - 1 if span.end_line == number else len(line))
            for span in self._on_line(self.hidden, file, number)
        ]
        after_keys = [
            (span.end_column - 1, _end_of_value(line, span.column - 1, span.end_column - 1))
            for span in self._on_line(self.unknown, file, number)
        ]
        return Line.of(
            line, [*spans, *_values(line, after_keys), *_credentials(line), *_tokens(line)]
        )

    @staticmethod
    def _on_line(spans: Iterable[Span], file: str, number: int) -> list[Span]:
        return [span for span in spans if (span.file, span.line) == (file, number)]


def masked_files(texts: Mapping[str, str], diagnostics: Iterable[Diagnostic]) -> MaskedFiles:
    """Hide the values that plaintext-secret and unknown-key diagnostics are about."""
    diagnostics = tuple(diagnostics)
    return MaskedFiles(
        {file: text.split("\n") for file, text in texts.items()},
        tuple(
            diagnostic.span
            for diagnostic in diagnostics
            if diagnostic.span and diagnostic.code == "plaintext-secret"
        ),
        tuple(
            diagnostic.span
            for diagnostic in diagnostics
            if diagnostic.span and diagnostic.code == "unknown-key"
        ),
    )


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


def _credentials(line: str) -> Iterator[Stretch]:
    for match in _CREDENTIAL.finditer(line):
        if match[1].strip(" :=\"'") not in _NAMES:
            yield match.span(2)


def _tokens(line: str) -> Iterator[Stretch]:
    yield from (match.span() for match in TOKENS.finditer(line))
    yield from (match.span() for match in WORD.finditer(line) if random(match[0]))
    yield from (match.span(2) for match in PASSWORD_IN_URL.finditer(line))


def _inside_credential(lines: list[str], index: int) -> bool:
    """Whether a line belongs to a text of several lines whose key suggests a credential."""
    indent = len(lines[index]) - len(lines[index].lstrip())
    for line in reversed(lines[:index]):
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
