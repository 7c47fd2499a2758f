"""The list of `platformc secrets list`: a row for each Secret, and the notes about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from compiler.commands.table import WIDEST, aligned
from compiler.model.credential import Credential
from compiler.model.package import Lowered
from compiler.secrets.makers import is_chosen, maker

_NAMED = 8  # Secrets that one note names
_HEADER = ("SECRET", "NAMESPACES", "KEYS", "MADE BY", "READERS")
Row = Mapping[str, Any]


def secret_rows(lowered: Lowered) -> list[Row]:
    """The rows as the format `json` has them, by the names of the Secrets."""
    credentials = sorted(
        (*lowered.credentials, *lowered.granted), key=lambda credential: credential.name
    )
    return [_row(lowered, credential) for credential in credentials]


def table(rows: Sequence[Row]) -> Iterator[str]:
    """The lines for people. One Secret in many namespaces does not widen the rows of all others."""
    return aligned(_HEADER, [_cells(row) for row in rows], WIDEST)


def notes(rows: Sequence[Row]) -> Iterator[str]:
    """Each note once, after the names of its Secrets."""
    by_note: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_note[row["note"]].append(row["name"])
    for text, names in by_note.items():
        if text:
            rest = len(names) - _NAMED
            more = f" and {rest} more" if rest > 0 else ""
            yield f"{', '.join(names[:_NAMED])}{more}: {text}"


def _row(lowered: Lowered, credential: Credential) -> Row:
    return {
        "name": credential.name,
        "namespaces": list(credential.namespaces),
        "keys": list(credential.keys),
        "maker": maker(lowered, credential),
        "readers": list(credential.readers),
        "note": "; ".join(filter(None, (credential.note, _value_rule(lowered, credential)))),
        "annotations": {
            space: dict(sorted(annotations.items()))
            for space, annotations in sorted(credential.to_annotate.items())
        },
    }


def _value_rule(lowered: Lowered, credential: Credential) -> str:
    """The requirement on a credential's value, if the user chooses the value."""
    return credential.value_rule if is_chosen(lowered, credential) else ""


def _cells(row: Row) -> tuple[str, ...]:
    lists = [",".join(row[key]) for key in ("namespaces", "keys")]
    return (row["name"], *lists, row["maker"], ",".join(row["readers"]))
