"""Represent the problems of a spec as plain values; other modules of this package render them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from compiler.diagnostics.codes import CODES
from compiler.diagnostics.fix import Fix
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


def errors(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    return (diagnostic for diagnostic in diagnostics if diagnostic.severity is Severity.ERROR)
