"""The corpus of mistakes: platforms that compile, each with an edit that breaks it in a known
place.

A case replaces `old` by `new` in its base. `«` in the new text marks the place of the diagnostic.
For a diagnostic in another place, `at` is the text there, or `anywhere` if the parser decides.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

import yaml

from support.paths import TESTS

FOLDER = TESTS / "corpus"
MARK = "«"
KEYS = {"code", "old", "new", "also", "drop", "whole", "at", "more", "why"}
_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Mistake:
    """One platform with one mistake, the code of its finding and where it must be."""

    theme: str
    base: str
    number: int
    code: str
    why: str
    text: str
    place: tuple[int, int] | None  # line and column; None: anywhere
    has_consequences: bool  # further findings follow from this one

    @property
    def name(self) -> str:
        return f"{self.theme}-{self.number:02}-{self.code}"


def mistakes() -> Iterator[Mistake]:
    for path in sorted(FOLDER.glob("*.yaml")):
        content = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
        for number, case in enumerate(content.get("cases", ()), 1):
            yield _mistake(path.stem, content["base"], number, case)


def bases() -> list[str]:
    """The platforms that mistakes are made in."""
    themes = (
        yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
        for path in FOLDER.glob("*.yaml")
    )
    return sorted({theme["base"] for theme in themes if "base" in theme})


@cache
def _base(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _mistake(theme: str, base: str, number: int, case: dict[str, Any]) -> Mistake:
    assert case.keys() <= KEYS, f"{theme} {number}: {case.keys() - KEYS}"
    text = _base(base)
    edits = [(case["old"], case["new"]), *([case["also"]] if "also" in case else [])] \
        if "old" in case else []  # fmt: skip
    for old, new in [*edits, *([(case["drop"], "")] if case.get("drop") else [])]:
        assert text.count(old) == 1, f"{theme} {number}: `{old}` stands {text.count(old)} times"
        text = text.replace(old, _filled(new))
    text = case.get("whole", text)
    at = case.get("at")
    if at != "anywhere":
        assert text.count(MARK) == (0 if at else 1), f"{theme} {number}: one place, marked or named"
    if at and at != "anywhere":
        assert text.count(at) >= 1, f"{theme} {number}: `{at}` is not there"
    position = None if at == "anywhere" else _position(text, at or MARK)
    clean = text.replace(MARK, "")
    has_consequences = case.get("more", False)
    return Mistake(
        theme, base, number, case["code"], case["why"], clean, position, has_consequences
    )


def _position(text: str, at: str) -> tuple[int, int]:
    before = text[: text.index(at)]
    return before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1


def _filled(text: str) -> str:
    """Tokens are made here, so that none stands in a file for scanners to find."""
    filled_names = {
        "@AKIA@": "AKIA" + _characters(16, string.ascii_uppercase),
        "@GHP@": "ghp_" + _characters(36, _LETTERS),
        "@HF@": "hf_" + _characters(34, _LETTERS),
        "@RANDOM@": _characters(48, _LETTERS),
    }
    for word, token in filled_names.items():
        text = text.replace(word, token)
    return text


def _characters(count: int, alphabet: str) -> str:
    choice = Random(count)
    return "".join(choice.choice(alphabet) for _ in range(count))


def together(first_mistake: Mistake, second: Mistake) -> str | None:
    """A platform with two mistakes; None if both change the same lines."""
    lines = _base(first_mistake.base).splitlines(keepends=True)
    edits = sorted(
        [*_edits(lines, first_mistake.text), *_edits(lines, second.text)], key=lambda edit: edit[:2]
    )
    if any(later[0] <= earlier[1] for earlier, later in pairwise(edits)):
        return None
    for start, end, new in reversed(edits):
        lines[start:end] = new
    return "".join(lines)


def _edits(lines: list[str], text: str) -> Iterator[tuple[int, int, list[str]]]:
    """The ranges of lines that differ in a text, with their replacements."""
    new = text.splitlines(keepends=True)
    for tag, start, end, new_start, new_end in SequenceMatcher(
        None, lines, new, False
    ).get_opcodes():
        if tag != "equal":
            yield start, end, new[new_start:new_end]
