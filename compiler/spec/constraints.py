"""How a word of the language checks itself, and what its refusal says.

A word is a type with a `Meta` of msgspec's, which holds it to a pattern; beside it stands what a
diagnostic says of a text that does not match, or a function that reads more closely.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Meta

if TYPE_CHECKING:
    Amount = str
else:
    # What an amount is written as; what is read is text.
    Amount = str | int | float


class Refusal(ValueError):
    """Why a value can't stand where it does: the code of its diagnostic, and what to type instead.

    `meant` is the value that can only have been meant; `at` is the field that is to blame where a
    section was looked at as a whole.
    """

    def __init__(
        self, code: str, message: str, help: str = "", meant: str | None = None, at: str = ""
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.meant, self.at = code, message, meant, at
        self.help = f"did you mean `{meant}`?" if meant else help


class Form:
    """What is said of a text that has not the form of its word."""

    def __init__(self, pattern: str, code: str, what: str, help: str, scheme: str) -> None:
        self.pattern, self.code, self.what, self.help = pattern, code, what, help
        self.scheme = scheme  # of the URL that people write in its place

    def refusal(self, text: str) -> Refusal:
        return Refusal(self.code, f"`{text}` is not {self.what}", self.help, self._meant(text))

    def _meant(self, text: str) -> str | None:
        """What stands in a URL that has nothing else in it."""
        bare = text.removeprefix(self.scheme).rstrip("/")
        good = self.scheme and bare != text and re.fullmatch(self.pattern, bare)
        return bare if good else None


def exact(pattern: str) -> str:
    """A pattern of the whole text: `$` alone would let a line's end pass."""
    return rf"^({pattern})$(?!\n)"


def form(pattern: str, code: str, what: str, help: str, scheme: str = "") -> Meta:
    """A text of a certain form, which the language's schema tells editors too."""
    return Meta(
        pattern=exact(pattern),
        extra={"form": Form(pattern, code, what, help, scheme)},
        extra_json_schema={"patternErrorMessage": f"This is not {what}: {help}."},
    )


def reading(
    read: Callable[[Amount], str], pattern: str, what: str, help: str, *types: str
) -> Meta:  # fmt: skip
    """A text that a function reads into its canonical form, or refuses; editors know a pattern."""
    told = {"pattern": f"^({pattern})$", "patternErrorMessage": f"{what}: {help}."}
    return Meta(extra={"read": read}, extra_json_schema={"type": list(types) or "string", **told})
