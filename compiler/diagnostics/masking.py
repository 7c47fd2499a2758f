"""Hide credentials in messages, in diffs and in values.

This module hides the value of a key if its name suggests a credential; the text after such a name in a
command or a sentence; known forms of tokens, random words, and passwords inside URLs. A value that
is hidden in a spec's lines (`masked_files.py`) is also hidden in each message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from compiler.diagnostics import Diagnostic, Related
from compiler.diagnostics.credentials import (
    Stretch,
    after_names,
    in_commands,
    sounds_secret,
    tokens,
)
from compiler.document import Path

MASK = "********"
_SHORTEST = 6  # characters of a value that is hidden wherever it is quoted
# Letters by which another spelling of a credential is known; a suggestion can be shorter.
_SPELT = 16
_SEVERAL = 1000  # values of one spec that are looked for
# Harmless values of keys with names of credentials, which other texts may contain too.
_HARMLESS = {"existing", "external", "sealed-secrets", "external-secrets", "disabled", "enabled"}
# The names of credentials, which a message about one has in any case.
_NAMES = {
    "credential",
    "credentials",
    "passphrase",
    "passwd",
    "password",
    "private",
    "secret",
    "secrets",
    "token",
}
Words = Callable[[], Collection[str]]


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


def masked(text: str, values: re.Pattern[str] | None = None) -> str:
    """Text that quotes others, with the credentials in it masked, and some known values."""
    text = values.sub(MASK, text) if values else text
    hidden = [*tokens(text), *after_names(text, to_end=False)]
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
        options = _options(value)
        return [hidden(word, option or key) for word, option in zip(value, options, strict=True)]
    if not isinstance(value, str):
        return value
    return MASK if value and _holds_secret(key) else "\n".join(map(masked, value.split("\n")))


def _options(words: list[Any]) -> Iterator[str]:
    """For each word of a command line the name of the credential in it, if the words before it say so."""
    line, starts = "", []
    for word in words:
        starts.append(len(line))
        line += f"{word} " if isinstance(word, str) else "- "
    secret = [start for start, _ in in_commands(line)]
    option = ""
    for word, start in zip(words, starts, strict=True):
        within = any(start <= position < start + len(str(word)) for position in secret)
        yield "password" if within else option
        is_option = isinstance(word, str) and word.startswith("-") and "=" not in word
        option = word.lstrip("-") if is_option else ""


def _holds_secret(key: str) -> bool:
    """Whether a key holds a credential, and not the name or the place of one."""
    return sounds_secret(key) and not re.search(r"(Name|Names|Ref|Refs|Path|File|Selector)$", key)


def no_words() -> Collection[str]:
    return ()


def values_hidden(sources: Mapping[str, str], words: Words = no_words) -> re.Pattern[str] | None:
    """Any of the values of credential names in these texts, the longest first.

    `words` are the compiler's own. A message has them whatever the values are: to mask one would show
    that it is the value, and spoil the message.
    """
    hidden: set[str] = set()
    # A text is searched as a whole first: a large spec without such names takes a millisecond.
    texts = filter(sounds_secret, sources.values())
    for line in (line for text in texts for line in text.split("\n") if sounds_secret(line)):
        if len(hidden) > _SEVERAL:
            break
        stretches = after_names(line, to_end=True)
        quoted = (line[start:end].strip().strip("\"'") for start, end in stretches)
        hidden |= {value for value in quoted if len(value) >= _SHORTEST and value != MASK}
    hidden -= _HARMLESS | _NAMES
    values = sorted(
        hidden.difference(words() if hidden else ()), key=lambda value: (-len(value), value)
    )
    return re.compile("|".join(map(re.escape, values))) if values else None


def value_masked(message: str, path: Path, value: object) -> str:
    """Mask the value in a message about it, if its path suggests a credential."""
    if not isinstance(value, (str, int, float)) or isinstance(value, bool) or str(value) == "":
        return message
    return message.replace(str(value), MASK) if leads_to_secret(path) else message


def leads_to_secret(path: Path) -> bool:
    """Whether a path suggests that its value is a credential."""
    return any(isinstance(part, str) and sounds_secret(part) for part in path)


def messages_masked(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], words: Words = no_words
) -> list[Diagnostic]:
    """Diagnostics with all their texts masked, safe for any renderer to print."""
    hidden = values_hidden(sources, words)
    return [_masked(diagnostic, hidden) for diagnostic in diagnostics]


def respells(quoted: str, values: re.Pattern[str] | None = None) -> Callable[[str], bool]:
    """Whether a text spells a credential of the quoted text, or one of the values in it, in another way.

    A suggested name has small letters, and dashes for other signs.
    """
    credentials = [quoted[start:end] for start, end in tokens(quoted)]
    credentials += values.findall(quoted) if values else ()
    words = [_letters(credential)[:_SPELT] for credential in credentials]
    return lambda text: any(word in _letters(text) for word in words if len(word) >= _SHORTEST)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def _masked(diagnostic: Diagnostic, hidden: re.Pattern[str] | None) -> Diagnostic:
    """A diagnostic with its message, help and related texts masked."""
    fix, respelt = diagnostic.fix, respells(diagnostic.message, hidden)
    # An edit that writes a credential cannot be shown, and with a mask in it, it would be wrong.
    printable_fix = (
        fix is not None and masked(fix.text, hidden) == fix.text and not respelt(fix.text)
    )
    return replace(
        diagnostic,
        message=masked(diagnostic.message, hidden),
        path=tuple(
            masked(part, hidden) if isinstance(part, str) else part for part in diagnostic.path
        ),
        help=tuple(masked(line, hidden) for line in diagnostic.help if not respelt(line)),
        related=tuple(
            Related(masked(related.message, hidden), related.span) for related in diagnostic.related
        ),
        fix=fix if printable_fix else None,
    )
