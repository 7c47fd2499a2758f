"""Hide credentials: in quoted lines of the spec, in messages, in diffs and in values.

Hidden are: the value of a key if its name suggests a credential, or if it is unknown and close to
such a name; the text after such a name in a command or a sentence; known forms of tokens, random
words, and passwords inside URLs. A value that is hidden in a spec's lines is also hidden in each
message. Every pattern takes linear time, because the author of a tree chooses the text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from math import log2
from typing import Any

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
# A name that suggests a credential, and the scalar after it, in block or flow style. It begins at the
# telling word: a pattern for the letters before it would try each of them again at each other.
_CREDENTIAL = re.compile(
    rf"(?i)({_WORDS}[\w.-]{{0,64}}[\"'`]?\s{{0,8}}[:=](?!`)\s{{0,8}})"
    r"((?:\"[^\"]*\"?)|(?:'[^']*'?)|[^\s{}\[\],][^{}\[\],]*)"
)
# The same as an option of a program (`--password X`, as a list too), in a sentence, and of MySQL.
_OPTION = re.compile(
    rf"(?i)(?<![\w-])(-{{1,2}}[\w-]{{0,32}}?{_WORDS}[\w-]{{0,32}}[\"'`]?[,\s]\s{{0,8}})([^\s{{}}\[\],]+)"
)
_SENTENCE = re.compile(r"(?i)\b((?:password|passwd|pw|token|secret)\s(?:is|are)\s)(\S+)")
_MYSQL = re.compile(r"(?i)\b((?:mysql|mariadb)\w{0,16}[^\n]{0,120}?[\s,]\s?-p)([^\s\[\]{},]+)")
_ONE_WORD = re.compile(r"(?:\"[^\"]*\"?)|(?:'[^']*'?)|\S+")
_FURTHEST = 5000  # lines of one text
_SHORTEST = 6  # characters of a value that is hidden wherever it is quoted
_SEVERAL = 1000  # values of one spec that are looked for
_SOUNDS = re.compile(rf"(?i){_WORDS}")
# Keys whose names suggest a credential but which hold only names of Secrets.
_NAMES = {"secrets", "pullSecrets", "secretName", "provider", "existingSecret"}
# Tokens with a recognisable form, by their issuers.
TOKENS = re.compile(
    r"AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}"
    r"|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}|hf_[A-Za-z0-9]{30,}|sk-[A-Za-z0-9_-]{20,}"
    r"|AIza[\w-]{35}|eyJ[\w-]{10,2000}\.[\w-]{10,4000}\.[\w-]{0,2000}|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"
    r"|dckr_pat_[\w-]{20,}|pypi-[\w-]{30,}|npm_[A-Za-z0-9]{30,}|hvs\.[\w-]{20,}"
)
# A path of words, such as a patch's: `/spec/template/spec/containers/0/securityContext`.
_PATH = re.compile(r"(/([A-Za-z]+|[0-9]+|-))+/?")
WORD = re.compile(r"[A-Za-z0-9+/_=-]{32,}")  # long enough for a key
PASSWORD_IN_URL = re.compile(r"(://[^/\s:@]{0,256}:)([^/\s@$][^/\s@]{0,1024})(?=@)")
# The same without a scheme, as in an image's name; what follows the `@` of one may be its digest.
_PASSWORD_OF_HOST = re.compile(r"(\b[\w.-]{1,64}:)([^/\s:@$\"']{4,1024})(?=@(?!sha256:)[\w-])")


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
    plain = PASSWORD_IN_URL.sub(rf"\1{MASK}", plain)
    return _PASSWORD_OF_HOST.sub(rf"\1{MASK}", plain)


def masked(text: str, values: Iterable[str] = ()) -> str:
    """Text that quotes others, with the credentials in it masked, and some known values."""
    for value in values:
        text = text.replace(value, MASK)
    hidden = [*_tokens(text), *_after_names(text, to_end=False)]
    return Line.of(text, hidden).text if hidden else text


def hidden(value: Any, key: str = "") -> Any:
    """A value of an object with the credentials in it masked, by their keys and their forms."""
    if isinstance(value, dict):
        named = str(value.get("name", ""))
        return {
            name: hidden(inner, named if name == "value" else str(name))
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [hidden(inner, key) for inner in value]
    if not isinstance(value, str):
        return value
    return MASK if value and _holds_secret(key) else "\n".join(map(masked, value.split("\n")))


def _holds_secret(key: str) -> bool:
    """Whether a key holds a credential, and not the name or the place of one."""
    return sounds_secret(key) and not re.search(r"(Name|Names|Ref|Refs|Path|File|Selector)$", key)


def values_hidden(sources: Mapping[str, str]) -> tuple[str, ...]:
    """The values of credential names in these texts, the longest first."""
    hidden: set[str] = set()
    for text in sources.values():
        for line in text.split("\n"):
            if len(hidden) > _SEVERAL:
                break
            if _SOUNDS.search(line):
                stretches = _after_names(line, to_end=True)
                values = (line[start:end].strip().strip("\"'") for start, end in stretches)
                hidden |= {value for value in values if len(value) >= _SHORTEST and value != MASK}
    return tuple(sorted(hidden - _HARMLESS, key=len, reverse=True))


# What a key that sounds like a credential's may hold and other texts name.
_HARMLESS = {"existing", "external", "sealed-secrets", "external-secrets", "disabled", "enabled"}


def value_masked(message: str, path: Path, value: object) -> str:
    """Mask the value in a message about it, if its path suggests a credential."""
    if not isinstance(value, (str, int, float)) or isinstance(value, bool) or str(value) == "":
        return message
    if any(isinstance(part, str) and sounds_secret(part) for part in path):
        return message.replace(str(value), MASK)
    return message


def messages_masked(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, str]
) -> list[Diagnostic]:
    """Diagnostics with all their texts masked, safe for any renderer to print."""
    hidden = values_hidden(sources)
    return [_masked(diagnostic, hidden) for diagnostic in diagnostics]


def _masked(diagnostic: Diagnostic, hidden: tuple[str, ...]) -> Diagnostic:
    fix = diagnostic.fix
    # An edit that writes a credential cannot be shown, and with a mask in it, it would be wrong.
    shown = fix is not None and masked(fix.text, hidden) == fix.text
    return replace(
        diagnostic,
        message=masked(diagnostic.message, hidden),
        path=tuple(
            masked(part, hidden) if isinstance(part, str) else part for part in diagnostic.path
        ),
        help=tuple(masked(line, hidden) for line in diagnostic.help),
        related=tuple(
            Related(masked(related.message, hidden), related.span) for related in diagnostic.related
        ),
        fix=fix if shown else None,
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
            line,
            [*spans, *_values(line, after_keys), *_after_names(line, to_end=True), *_tokens(line)],
        )

    @staticmethod
    def _on_line(spans: Iterable[Span], file: str, number: int) -> list[Span]:
        return [span for span in spans if (span.file, span.line) == (file, number)]


def masked_files(texts: Mapping[str, str], diagnostics: Iterable[Diagnostic]) -> MaskedFiles:
    """Hide the values that plaintext-secret diagnostics are about, and those of misspelt names of
    credentials. Other unknown keys keep theirs: users look for their own typing errors."""
    diagnostics = tuple(diagnostics)
    lines = {file: text.split("\n") for file, text in texts.items()}
    return MaskedFiles(
        lines,
        tuple(
            diagnostic.span
            for diagnostic in diagnostics
            if diagnostic.span and diagnostic.code == "plaintext-secret"
        ),
        tuple(
            diagnostic.span
            for diagnostic in diagnostics
            if diagnostic.span
            and diagnostic.code == "unknown-key"
            and _suggests_secret(_text_at(lines, diagnostic.span))
        ),
    )


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


def _after_names(line: str, *, to_end: bool) -> Iterator[Stretch]:
    """The text after names of credentials: in a line of YAML (`to_end`) up to the end of the value,
    in a sentence one word.
    """
    for match in _CREDENTIAL.finditer(line):
        start, end = match.span(2)
        name = re.search(r"[\w.-]{0,64}$", line[max(0, match.start() - 64) : match.start()])
        if f"{name[0] if name else ''}{match[1]}".strip(" :=\"'`") in _NAMES:
            continue
        word = None if to_end else _ONE_WORD.match(line, start, end)
        yield start, word.end() if word else end
    for pattern in (_OPTION, _MYSQL, *((_SENTENCE,) if to_end else ())):
        yield from (match.span(2) for match in pattern.finditer(line))


def _tokens(line: str) -> Iterator[Stretch]:
    yield from (match.span() for match in TOKENS.finditer(line))
    yield from (match.span() for match in WORD.finditer(line) if random(match[0]))
    for pattern in (PASSWORD_IN_URL, _PASSWORD_OF_HOST):
        yield from (match.span(2) for match in pattern.finditer(line))


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
