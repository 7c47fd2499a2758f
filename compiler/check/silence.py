"""Findings that the user knows about: `spec.silence` names them, each with a reason.

Only what a rule finds can be silenced; a spec that can't be read, resolved or written can't. A
silence that hides nothing is reported, so that none outlives what it was for.
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


def silenced(
    found: Sequence[Diagnostic], environments: Mapping[str, Platform]
) -> tuple[list[Diagnostic], set[Span]]:
    """What is left of the findings, and the silences that hid the rest."""
    left: list[Diagnostic] = []
    used: set[Span] = set()
    for one in found:
        spans = list(_hiding(one, environments))
        used.update(spans)
        if not spans:
            left.append(one)
    return left, used


def _hiding(found: Diagnostic, environments: Mapping[str, Platform]) -> Iterator[Span]:
    """Where a finding is silenced: by all of the environments that it is about, or not at all."""
    if not CODES[found.code].rule:
        return
    spans: list[Span] = []
    for name in found.environments or tuple(environments):
        matching = [
            span for silence, span in _silences(environments[name]) if _hides(silence, found)
        ]
        if not matching:
            return
        spans += matching
    yield from spans


def _hides(silence: Silence, found: Diagnostic) -> bool:
    here = ".".join(str(part) for part in found.path)
    return silence.code == found.code and (
        silence.path is None or here == silence.path or here.startswith(f"{silence.path}.")
    )


def _silences(platform: Platform) -> Iterator[tuple[Silence, Span]]:
    for index, silence in enumerate(platform.settings.silence):
        yield silence, platform.document.span_of((*_LIST, index))


def unused(platforms: Mapping[str | None, Platform], used: set[Span], report: Report) -> None:
    """Report each silence that hid nothing in any environment."""
    base = platforms.get(None)
    environments = {name: one for name, one in platforms.items() if name is not None}
    found = Report()
    for name, platform in environments.items():
        for index, (silence, span) in enumerate(_silences(platform)):
            if span not in used:
                where = f" at `{silence.path}`" if silence.path else ""
                found.within(name).add(
                    "unused-silence",
                    f"nothing{where} raises `{silence.code}`",
                    platform.document.value_span((*_LIST, index, "code")),
                    path=(*_LIST, index),
                    help="delete this silence",
                    fix=_removal(platform.document, base.document if base else None, index),
                )
    report.diagnostics.extend(everywhere(one, environments) for one in found.sorted())


def _removal(document: Node, base: Node | None, index: int) -> Fix | None:
    """The edit that takes a silence away; the list goes with its only one."""
    all = document.at(_LIST)
    if isinstance(all.value, list) and len(all.value) > 1:
        return Fix(document.entry_span((*_LIST, index)), edit=Edit.REMOVE)
    # Without its own list, an environment would take the base's.
    its_own = base is None or base.at(_LIST) is not all
    return None if its_own else Fix(document.entry_span(_LIST), edit=Edit.REMOVE)
