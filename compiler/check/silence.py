"""Hide the diagnostics that the user accepts: `spec.silence` names each with a reason.

Only diagnostics of rules can be silenced; errors of reading, resolving or writing cannot. A silence
that hides nothing is reported, so that it is deleted when its reason is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from compiler.diagnostics import Diagnostic, Report, everywhere
from compiler.diagnostics.codes import CODES
from compiler.diagnostics.fix import Edit, Fix
from compiler.document import Node, Path
from compiler.document.span import Span
from compiler.model.package import Platform
from compiler.spec.settings import Silence

_LIST: Path = ("spec", "silence")


def without_silenced(
    diagnostics: Sequence[Diagnostic], environments: Mapping[str, Platform]
) -> tuple[list[Diagnostic], set[Span]]:
    """Return the diagnostics that no silence hides, and the spans of the silences that were used."""
    remaining: list[Diagnostic] = []
    used: set[Span] = set()
    for diagnostic in diagnostics:
        spans = list(_hiding(diagnostic, environments))
        used.update(spans)
        if not spans:
            remaining.append(diagnostic)
    return remaining, used


def _hiding(diagnostic: Diagnostic, environments: Mapping[str, Platform]) -> Iterator[Span]:
    """The spans of the silences that hide a diagnostic; none unless all its environments silence it."""
    if not CODES[diagnostic.code].rule:
        return
    spans: list[Span] = []
    for name in diagnostic.environments or tuple(environments):
        matching = [
            span for silence, span in _silences(environments[name]) if _hides(silence, diagnostic)
        ]
        if not matching:
            return
        spans += matching
    yield from spans


def _hides(silence: Silence, diagnostic: Diagnostic) -> bool:
    path = ".".join(str(part) for part in diagnostic.path)
    return silence.code == diagnostic.code and (
        silence.path is None or path == silence.path or path.startswith(f"{silence.path}.")
    )


def _silences(platform: Platform) -> Iterator[tuple[Silence, Span]]:
    for index, silence in enumerate(platform.settings.silence):
        yield silence, platform.document.span_of((*_LIST, index))


def report_unused(
    platforms: Mapping[str | None, Platform], used: set[Span], report: Report
) -> None:
    """Report each silence that hid nothing in any environment."""
    base = platforms.get(None)
    environments = {name: platform for name, platform in platforms.items() if name is not None}
    findings = Report()
    for name, platform in environments.items():
        for index, (silence, span) in enumerate(_silences(platform)):
            if span not in used and not CODES[silence.code].transient:
                location = f" at `{silence.path}`" if silence.path else ""
                findings.within(name).add(
                    "unused-silence",
                    f"nothing{location} raises `{silence.code}`",
                    platform.document.value_span((*_LIST, index, "code")),
                    path=(*_LIST, index),
                    help="delete this silence",
                    fix=_removal(platform.document, base.document if base else None, index),
                )
    report.diagnostics.extend(
        everywhere(diagnostic, environments) for diagnostic in findings.sorted()
    )


def _removal(document: Node, base: Node | None, index: int) -> Fix | None:
    """The edit that deletes a silence; for the only entry, it deletes the whole list."""
    silences = document.at(_LIST)
    if isinstance(silences.value, list) and len(silences.value) > 1:
        return Fix(document.entry_span((*_LIST, index)), edit=Edit.REMOVE)
    # An environment without a list of silences inherits the base's.
    is_local = base is None or base.at(_LIST) is not silences
    return None if is_local else Fix(document.entry_span(_LIST), edit=Edit.REMOVE)
