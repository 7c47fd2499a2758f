"""What must not be shown: masked_files text and values that may be a credential.

A key that sounds like a credential's hides its value, and so does a key that the language does not
know: behind a typo stands anything. What is a known token by its form, or as random as a key, is
hidden wherever it is.
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
# A key that sounds like a credential's, and the scalar after it, in block or flow style.
_CREDENTIAL = re.compile(
    rf"(?i)(\b[\w.-]*{_WORDS}[\w.-]*[\"']?\s*[:=]\s*)"
    r"((?:\"[^\"]*\"?)|(?:'[^']*'?)|[^\s{}\[\],][^{}\[\],]*)"
)
_SOUNDS = re.compile(rf"(?i){_WORDS}")
# Parts of the language that sound like a credential and hold names of Secrets, never a value.
_NAMES = {"secrets", "pullSecrets", "secretName", "provider", "existingSecret"}
# Forms that issuers gave their tokens so that they can be found, and passwords inside a URL.
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
    """Whether a key's name promises a credential."""
    return key not in _NAMES and _SOUNDS.search(key) is not None


def random(word: str) -> bool:
    """Whether a word is as random as a key: letters and digits mixed, over four bits in each."""
    mixed = all(re.search(form, word) for form in ("[a-z]", "[A-Z]", r"\d"))
    return mixed and entropy(word) > 4 and not _PATH.fullmatch(word)


def entropy(word: str) -> float:
    """Shannon's, in bits for each character."""
    shares = [count / len(word) for count in Counter(word).values()]
    return -sum(share * log2(share) for share in shares)


def tokens_masked(text: str) -> str:
    """Text without what is a token by its form or its randomness, or a password inside a URL."""
    plain = WORD.sub(lambda match: MASK if random(match[0]) else match[0], TOKENS.sub(MASK, text))
    return PASSWORD_IN_URL.sub(rf"\1{MASK}", plain)


def value_masked(message: str, path: Path, value: object) -> str:
    """A message about a value, without the value where its path sounds like a credential's."""
    if not isinstance(value, (str, int, float)) or isinstance(value, bool) or str(value) == "":
        return message
    if any(isinstance(part, str) and sounds_secret(part) for part in path):
        return message.replace(str(value), MASK)
    return message


def messages_masked(found: Diagnostic) -> Diagnostic:
    """A diagnostic that any renderer may print."""

    return replace(
        found,
        message=tokens_masked(found.message),
        path=tuple(tokens_masked(one) if isinstance(one, str) else one for one in found.path),
        help=tuple(tokens_masked(line) for line in found.help),
        related=tuple(Related(tokens_masked(one.message), one.span) for one in found.related),
    )


Stretch = tuple[int, int]  # of a line, from and to


class Line(Struct, frozen=True):
    """A line of the spec as it may be shown, and the stretches of the real one that are hidden."""

    text: str
    hidden: tuple[Stretch, ...]

    @classmethod
    def of(cls, line: str, hidden: Iterable[Stretch]) -> Line:
        merged: list[Stretch] = []
        for start, end in sorted(one for one in hidden if one[0] < one[1]):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        text, at = "", 0
        for start, end in merged:
            text, at = f"{text}{line[at:start]}{MASK}", end
        return cls(text + line[at:], tuple(merged))

    def column(self, index: int) -> int:
        """Where a place of the real line is in the shown one; the beginning of what hides it."""
        moved = 0
        for start, end in self.hidden:
            if start < index < end:
                return start + moved
            if index >= end:
                moved += len(MASK) - (end - start)
        return index + moved


class MaskedFiles(Struct, frozen=True):
    """The lines of the files that diagnostics quote, and the places in them that are hidden."""

    texts: Mapping[str, list[str]]
    hidden: tuple[Span, ...]  # whole values
    unknown: tuple[Span, ...]  # keys, whose values are hidden

    def line(self, file: str, number: int) -> Line | None:
        """One line as it may be shown, or None where there is none."""
        lines = self.texts.get(file, [])
        if not 0 < number <= len(lines):
            return None
        line = lines[number - 1]
        if _inside_credential(lines, number - 1):
            indent = len(line) - len(line.lstrip())
            return Line.of(line, [(indent, len(line))])
        spans = [
            (one.column - 1, one.end_column - 1 if one.end_line == number else len(line))
            for one in self._here(self.hidden, file, number)
        ]
        behind = [
            (one.end_column - 1, _end_of_value(line, one.column - 1, one.end_column - 1))
            for one in self._here(self.unknown, file, number)
        ]
        return Line.of(line, [*spans, *_values(line, behind), *_credentials(line), *_tokens(line)])

    @staticmethod
    def _here(spans: Iterable[Span], file: str, number: int) -> list[Span]:
        return [span for span in spans if (span.file, span.line) == (file, number)]


def masked_files(texts: Mapping[str, str], found: Iterable[Diagnostic]) -> MaskedFiles:
    """What diagnostics may quote of the files that they are about."""
    found = tuple(found)
    return MaskedFiles(
        {file: text.split("\n") for file, text in texts.items()},
        tuple(one.span for one in found if one.span and one.code == "plaintext-secret"),
        tuple(one.span for one in found if one.span and one.code == "unknown-key"),
    )


def _end_of_value(line: str, key: int, start: int) -> int:
    """Where what follows a key ends: in braces at its comma or bracket, else with the line."""
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
    """Commas and brackets outside quotes. A quote that is none only hides more."""
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
    """What follows each key, behind its colon; nothing where the key has no value."""
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
    """Whether a line stands below a key that sounds like a credential's: a text of several lines."""
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
