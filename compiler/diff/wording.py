"""Write the texts that all forms of a diff share: fields, reasons, causes, sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from compiler.diagnostics.masking import hidden
from compiler.diff import Cause, Change, values
from compiler.model.effects import FieldChange, Risk

PERMISSIONS = "if Argo CD delivers, it refuses these until you apply the output of `platformc argocd applications` again"
STRAYS = (
    "files in the output folders that the spec does not make, and that a delivery would apply too"
)
_MOST_FIELDS = 12
# This field follows from other fields, and has no meaning for people.
_DERIVED = "template/metadata/annotations/platformc.dev~1config"


def field_lines(change: Change) -> Iterator[str]:
    """One line for each field of a change, and for a file the lines that differ."""
    unhidden = [field for field in change.fields if not field.path.endswith(_DERIVED)]
    described = list(_described([masked_field(field) for field in unhidden or change.fields]))
    for lines in described[:_MOST_FIELDS]:
        yield from lines
    if len(described) > _MOST_FIELDS:
        yield f"and {len(described) - _MOST_FIELDS} fields more"


def masked_field(field: FieldChange) -> FieldChange:
    """A change with its credentials masked: by the name of the field or variable, and by form."""
    parts = [part.replace("~1", "/") for part in field.path.split("/")]
    key = parts[-2] if parts[-1] == "value" and len(parts) > 1 else parts[-1]
    return FieldChange(field.path, hidden(field.before, key), hidden(field.after, key))


def _described(fields: Sequence[FieldChange]) -> Iterator[Iterable[str]]:
    """The lines of each field; added or removed elements of one list share a line."""
    for (parent, is_single), alike in groupby(fields, key=_list_of):
        if is_single:
            yield from map(values.lines, alike)
        else:
            yield (f"{values.readable_path(parent)}: {', '.join(map(values.element, alike))}",)


def _list_of(field: FieldChange) -> tuple[str, bool]:
    """The list of which a field is a whole element, and False; else the field's path, and True."""
    parent, _, name = field.path.rpartition("/")
    content = field.after if field.before is None else field.before
    is_entry = None in (field.before, field.after) and isinstance(content, dict)
    return (parent, False) if is_entry and content.get("name") == name else (field.path, True)


def reasons(change: Change) -> tuple[str, ...]:
    """The reasons of the worst judgements of a change."""
    worst = (judgement for judgement in change.judgements if judgement.risk == change.risk)
    return tuple(dict.fromkeys(judgement.reason for judgement in worst if judgement.reason))


def remedies(change: Change) -> tuple[str, ...]:
    """The ways to make a change nevertheless."""
    return tuple(
        dict.fromkeys(judgement.remedy for judgement in change.judgements if judgement.remedy)
    )


def causes(lines: Iterable[Cause]) -> str:
    """The lines of the spec that cause a change, as one text."""
    return ", ".join(f"{cause.path} ({cause.place})" for cause in lines) or "the environment"


def summary(changes: Iterable[Change]) -> str:
    """The number of changes of each risk, the worst first."""
    counts = Counter(change.risk for change in changes)
    parts = [f"{counts[risk]} {risk.label}" for risk in sorted(Risk, reverse=True) if counts[risk]]
    return ", ".join(parts) or "nothing changes"


def verdict(change: Change) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The risk of a change, its reasons, and the ways to make it."""
    return change.label, reasons(change), remedies(change)
