"""What the compiler has to say about a spec: values, rendered elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from compiler.diagnostics.codes import CODES
from compiler.diagnostics.fix import Fix
from compiler.diagnostics.synonyms import HERE
from compiler.document import Path
from compiler.document.span import Span


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Related(Struct, frozen=True):
    """Another place that takes part in the problem, and what it has to do with it."""

    message: str
    span: Span


class Diagnostic(Struct, frozen=True):
    """One problem: a stable code, a sentence, the place, what to type instead."""

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


class Report(Struct):
    """Collects what the stages find. `within` names the environment that a finding belongs to."""

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
        where = (self.environment,) if self.environment else ()
        found = Diagnostic(code, message, span, path, lines, tuple(related), where, fix)
        self.diagnostics.append(found)

    def within(self, environment: str | None) -> Report:
        """The same report, for findings of one environment."""
        return Report(self.diagnostics, environment)

    @property
    def failed(self) -> bool:
        return any(found.severity is Severity.ERROR for found in self.diagnostics)

    def sorted(self) -> list[Diagnostic]:
        """One diagnostic for each root cause, by position."""
        merged: dict[object, Diagnostic] = {}
        for found in self.diagnostics:
            cause = (found.code, found.message, found.span)
            known = merged.get(cause)
            if known is None:
                merged[cause] = found
            elif known.environments:
                # A cause without an environment lies in the base, and so in all of them.
                names = {*known.environments, *found.environments} if found.environments else ()
                merged[cause] = replace(known, environments=tuple(sorted(names)))
        return sorted(merged.values(), key=_position)


def _position(found: Diagnostic) -> tuple[object, ...]:
    return (found.span is not None, found.span, found.code, found.message)


def everywhere(found: Diagnostic, environments: Iterable[str]) -> Diagnostic:
    """A finding that names no environment where it is one of them all."""
    same = set(found.environments) == set(environments)
    return replace(found, environments=()) if same else found


def near(word: str, candidates: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The candidate that the user most likely meant."""
    close = _close(word, candidates, 1, cutoff)
    return close[0] if close else None


def correction(span: Span, word: str, candidates: Iterable[str]) -> Fix | None:
    """The edit that makes a word the one candidate that it can only mean."""
    close = _close(word, candidates, 2, 0.75)
    return Fix(span, close[0]) if len(close) == 1 else None


def _close(word: str, candidates: Iterable[str], most: int, cutoff: float) -> list[str]:
    from difflib import get_close_matches  # only mistakes need it

    known = sorted(candidates)
    return _spelt_alike(word, known) or get_close_matches(word, known, n=most, cutoff=cutoff)


def _spelt_alike(word: str, candidates: Iterable[str]) -> list[str]:
    """Those that differ in capitals, dashes and underscores alone, or are what others call it."""
    plain, here = _plain(word), HERE.get(word)
    return [one for one in candidates if _plain(one) == plain or one == here]


def _plain(word: str) -> str:
    return word.replace("_", "").replace("-", "").casefold()


def suggestion(word: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """A help line for a word that is close to a known one."""
    close = near(word, candidates)
    return (f"did you mean `{close}`?",) if close else ()


def listing(words: Iterable[str]) -> str:
    """`a`, `b`, `c`, in order."""
    return ", ".join(f"`{word}`" for word in sorted(words))


def errors(found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    return (one for one in found if one.severity is Severity.ERROR)
