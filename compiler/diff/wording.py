"""What every form of a diff says, in words: values, fields, sums."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import unified_diff
from typing import Any

from compiler.diagnostics.masking import hidden
from compiler.diff import Change
from compiler.model.effects import FieldChange, Risk

_LONGEST = 72
_MOST_LINES = 8
_MOST_FIELDS = 12


def field_lines(change: Change) -> Iterator[str]:
    """Each field of a change on a line, files as the lines that differ."""
    shown = [one for one in change.fields if one.path not in _DERIVED] or list(change.fields)
    for field in shown[:_MOST_FIELDS]:
        yield from _field(masked_field(field))
    if len(shown) > _MOST_FIELDS:
        yield f"and {len(shown) - _MOST_FIELDS} fields more"


# Follows from the fields beside it, and says nothing to people.
_DERIVED = ("spec/template/metadata/annotations/platformc.dev~1config",)


def masked_field(field: FieldChange) -> FieldChange:
    """A change with its credentials masked: by the name of the field or variable, and by form."""
    parts = [part.replace("~1", "/") for part in field.path.split("/")]
    key = parts[-2] if parts[-1] == "value" and len(parts) > 1 else parts[-1]
    return FieldChange(field.path, hidden(field.before, key), hidden(field.after, key))


def _field(field: FieldChange) -> Iterator[str]:
    path = field.path.replace("/", ".").replace("~1", "/")
    if isinstance(field.before, str) and isinstance(field.after, str) and "\n" in field.before:
        lines = unified_diff(field.before.splitlines(), field.after.splitlines(), n=0, lineterm="")
        body = [one for one in lines if not one.startswith(("---", "+++", "@@"))]
        yield f"{path}:"
        yield from (f"  {one}" for one in body[:_MOST_LINES])
        if len(body) > _MOST_LINES:
            yield f"  and {len(body) - _MOST_LINES} lines more"
    elif _plain(field.before) and _plain(field.after):
        yield f"{path}: {_elements(field.before, field.after)}"
    elif field.before is None:
        yield f"{path}: + {value(field.after)}"
    elif field.after is None:
        yield f"{path}: - {value(field.before)}"
    else:
        yield f"{path}: {value(field.before)} -> {value(field.after)}"


def _plain(what: Any) -> bool:
    return isinstance(what, list) and not any(isinstance(one, (dict, list)) for one in what)


def _elements(before: list[Any], after: list[Any]) -> str:
    """The elements that only one of two lists has; both lists, where only their order differs."""
    gone = [f"- {value(one)}" for one in before if one not in after]
    new = [f"+ {value(one)}" for one in after if one not in before]
    return ", ".join([*gone, *new]) or f"{value(before)} -> {value(after)}"


def value(what: Any) -> str:
    """A value on one line, cut where nobody would read on."""
    text = what if isinstance(what, str) and what else json.dumps(what, default=str)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def reasons(change: Change) -> tuple[str, ...]:
    """Why it is as bad as it is: the reasons of its worst judgements."""
    worst = (one for one in change.judgements if one.risk == change.risk)
    return tuple(dict.fromkeys(one.reason for one in worst if one.reason))


def ways(change: Change) -> tuple[str, ...]:
    """How to do it nevertheless."""
    return tuple(dict.fromkeys(one.way for one in change.judgements if one.way))


def causes(change: Change) -> str:
    return ", ".join(f"{one.path} ({one.place})" for one in change.causes)


def summary(changes: Iterable[Change]) -> str:
    """How many of each risk, the worst first."""
    counts = Counter(change.risk for change in changes)
    parts = [f"{counts[risk]} {risk.label}" for risk in sorted(Risk, reverse=True) if counts[risk]]
    return ", ".join(parts) or "nothing changes"
