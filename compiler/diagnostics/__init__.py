"""Represent the problems of a spec as plain values; other modules of this package render them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from compiler.diagnostics.codes import CODES
from compiler.diagnostics.fix import Fix
from compiler.diagnostics.synonyms import SUGGESTIONS, SYNONYMS
from compiler.document import Path
from compiler.document.span import Span

T = TypeVar("T")


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Related(Struct, frozen=True):
    """Another place that takes part in the problem, with a message that explains its part."""

    message: str
    span: Span


class Diagnostic(Struct, frozen=True):
    """One problem: a stable code, a sentence, the place in the spec, and the text to type instead."""

    code: str
    message: str
    span: Span | None = None
    path: Path = ()
    help: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    environments: tuple[str, ...] = ()
    fix: Fix | None = None

    @property
    def severity(self) -> Severity:
        return Severity(CODES[self.code].severity)


MOST_FINDINGS = 1000  # for one spec: the author of a tree could provoke a million


class TooManyFindingsError(Exception):
    """The report is full: it has more findings than anybody can correct at once."""


class Report(Struct):
    """Collect the diagnostics of the stages, which occur in `environment`, or in the base for None."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    environment: str | None = None

    def add(
        self,
        code: str,
        message: str,
        span: Span | None = None,
        *,
        path: Path = (),
        help: str | Iterable[str] = (),
        related: Iterable[Related] = (),
        fix: Fix | None = None,
    ) -> None:
        lines = (help,) if isinstance(help, str) else tuple(help)
        environments = (self.environment,) if self.environment else ()
        self._append(
            Diagnostic(code, message, span, path, lines, tuple(related), environments, fix)
        )

    def _append(self, diagnostic: Diagnostic) -> None:
        self.diagnostics.append(diagnostic)
        if len(self.diagnostics) >= MOST_FINDINGS and diagnostic.severity is Severity.ERROR:
            raise TooManyFindingsError

    def close(self) -> None:
        """Add the diagnostic that says that there are more findings."""
        message = f"there are more than {MOST_FINDINGS} findings, and the rest was not looked for"
        self.diagnostics.append(
            Diagnostic("too-many-findings", message, help=("correct the shown findings first",))
        )

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Close the report if it gets too many findings from the block, and leave the block."""
        try:
            yield
        except TooManyFindingsError:
            self.close()

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Add diagnostics as diagnostics of this report's environment."""
        environments = (self.environment,) if self.environment else ()
        for diagnostic in diagnostics:
            self._append(replace(diagnostic, environments=environments))

    def within(self, environment: str | None) -> Report:
        """A report that adds to the same list, for diagnostics of one environment."""
        return Report(self.diagnostics, environment)

    @property
    def failed(self) -> bool:
        return any(diagnostic.severity is Severity.ERROR for diagnostic in self.diagnostics)

    @property
    def errors(self) -> list[Diagnostic]:
        return [
            diagnostic for diagnostic in self.diagnostics if diagnostic.severity is Severity.ERROR
        ]

    @property
    def blocked(self) -> bool:
        """Whether there is an error that cannot be silenced: no objects can be made despite it."""
        return any(not CODES[diagnostic.code].rule for diagnostic in self.errors)

    def capped(self) -> list[Diagnostic]:
        """The diagnostics to print: the errors, and as many warnings and notes as a run names."""
        diagnostics = self.sorted()
        milder = [diagnostic for diagnostic in diagnostics if diagnostic.severity != Severity.ERROR]
        surplus = milder[MOST_FINDINGS:]
        if not surplus:
            return diagnostics
        listed = [*errors(diagnostics), *milder[:MOST_FINDINGS]]
        message = f"{len(surplus)} more warnings and notes are not shown"
        notice = Diagnostic("more-warnings", message, help=("correct or silence the shown ones",))
        return [*sorted(listed, key=_position), notice]

    def sorted(self) -> list[Diagnostic]:
        """The diagnostics by position; equal diagnostics of several environments are merged."""
        merged: dict[object, Diagnostic] = {}
        for diagnostic in self.diagnostics:
            cause = (diagnostic.code, diagnostic.message, diagnostic.span)
            earlier = merged.get(cause)
            if earlier is None:
                merged[cause] = diagnostic
            elif earlier.environments:
                # Without an environment, the cause is in the base and so in all environments.
                names = (
                    {*earlier.environments, *diagnostic.environments}
                    if diagnostic.environments
                    else ()
                )
                merged[cause] = replace(earlier, environments=tuple(sorted(names)))
        return sorted(merged.values(), key=_position)


def collected(work: Callable[[Report], T]) -> tuple[T | None, list[Diagnostic]]:
    """The result of some work and its diagnostics, so that several reports can get them.

    Without a result, the work ended because it had too many diagnostics.
    """
    report = Report()
    try:
        return work(report), report.diagnostics
    except TooManyFindingsError:
        return None, report.diagnostics


def _position(diagnostic: Diagnostic) -> tuple[object, ...]:
    return (diagnostic.span is not None, diagnostic.span, diagnostic.code, diagnostic.message)


def everywhere(diagnostic: Diagnostic, environments: Iterable[str]) -> Diagnostic:
    """Name no environments in a diagnostic that occurs in all of them."""
    in_all = set(diagnostic.environments) == set(environments)
    return replace(diagnostic, environments=()) if in_all else diagnostic


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


def errors(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    return (diagnostic for diagnostic in diagnostics if diagnostic.severity is Severity.ERROR)
