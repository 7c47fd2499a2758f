"""Words of messages: the word that the user most likely meant, and lists of words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import TypeVar

from compiler.diagnostics.fix import Fix
from compiler.diagnostics.synonyms import SUGGESTIONS, SYNONYMS
from compiler.document.span import Span

AmountT = TypeVar("AmountT", int, Fraction)
MOST_TERMS = 8


def closest(word: str, candidates: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The candidate that the user most likely meant."""
    close = _close(word, candidates, 1, cutoff)
    return close[0] if close else None


def correction(span: Span, word: str, candidates: Iterable[str]) -> Fix | None:
    """The edit that replaces a misspelt word, if exactly one candidate is close to it."""
    words = sorted(candidates)
    close = _spelt_alike(word, words) or [
        candidate for candidate in words if _misspelt(word, candidate)
    ]
    return Fix(span, close[0]) if len(close) == 1 else None


def _misspelt(word: str, candidate: str) -> bool:
    """Whether a word is a candidate with a slip of one letter, or of two in a long word.

    Words that differ more may mean something else, such as a hard limit and a soft one.
    """
    most = 2 if min(len(word), len(candidate)) >= _LONG else 1
    # A word takes a slip for each letter that it has more: the count below takes long for a long text.
    return abs(len(word) - len(candidate)) <= most and _slips(word, candidate) <= most


_LONG = 9  # letters


def _slips(left_word: str, right_word: str) -> int:
    """How many letters were lost, added, exchanged or swapped with the next (Damerau's distance)."""
    before: list[int] = []
    row = list(range(len(right_word) + 1))
    for at, letter in enumerate(left_word, 1):
        previous, row = row, [at]
        for column, right_letter in enumerate(right_word, 1):
            cost = previous[column - 1] + (letter != right_letter)
            swapped = (
                at > 1
                and column > 1
                and left_word[at - 2 : at] == right_word[column - 2 : column][::-1]
            )
            cost = min(cost, before[column - 2] + 1) if swapped else cost
            row.append(min(cost, previous[column] + 1, row[column - 1] + 1))
        before = previous
    return row[-1]


def _close(word: str, candidates: Iterable[str], count: int, cutoff: float) -> list[str]:
    from difflib import get_close_matches  # only mistakes need it

    words = sorted(candidates)
    similar = [candidate for candidate in words if candidate == SUGGESTIONS.get(word)]
    alike = _spelt_alike(word, words) or similar
    return alike or get_close_matches(word, words, n=count, cutoff=cutoff)


def _spelt_alike(word: str, candidates: Iterable[str]) -> list[str]:
    """Candidates that differ only in capitals and dashes, or that other tools call `word`."""
    plain, synonym = normalised(word), SYNONYMS.get(word)
    return [
        candidate
        for candidate in candidates
        if normalised(candidate) == plain or candidate == synonym
    ]


def normalised(word: str) -> str:
    """A word in small letters, without dashes and underscores."""
    return word.replace("_", "").replace("-", "").casefold()


def suggestion(word: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """A help line that names the closest known word, if there is one."""
    close = closest(word, candidates)
    return (f"did you mean `{close}`?",) if close else ()


def listing(words: Iterable[str]) -> str:
    """The words sorted and in backquotes: `a`, `b`, `c`."""
    return ", ".join(f"`{word}`" for word in sorted(words))


def alternatives(words: Sequence[str]) -> str:
    """The words in their order and in backquotes: `a`, `b` or `c`."""
    *before, last_word = (f"`{word}`" for word in words)
    return " or ".join(filter(None, (", ".join(before), last_word)))


def addition(terms: Sequence[tuple[AmountT, str]], written: Callable[[AmountT], str]) -> str:
    """A sum in words, the largest terms first: `2 of a + 1 of b`. Many small terms are one."""
    by_amount = sorted(terms, key=lambda term: term[0], reverse=True)
    named, rest = by_amount[:MOST_TERMS], by_amount[MOST_TERMS:]
    words = [f"{written(amount)} of {name}" for amount, name in named]
    if rest:
        amounts = [amount for amount, _ in rest]
        words.append(f"{written(sum(amounts[1:], amounts[0]))} of {len(rest)} others")
    return " + ".join(words)
