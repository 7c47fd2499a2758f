"""Read the facts about a field that the models lack: the release that added it, and its objects.

Both are in a table next to this module. `make snapshots` enters new fields there: the release is never
changed again, and the objects are those that change with the field (`make fields` measures all).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from msgspec import Struct

from compiler import __version__
from compiler.files import packaged

TABLE = Path(__file__).with_name("fields.tsv")


class Facts(Struct, frozen=True):
    """The release of a field, and the kinds of the objects that follow from it."""

    since: str = ""
    derived: tuple[str, ...] = ()


NEW = Facts(__version__)  # a field that is not entered yet comes with the next release


@cache
def facts() -> Mapping[str, Facts]:
    """The facts of each field, by its path."""
    lines = packaged(str(TABLE)).decode().splitlines()
    return {path: Facts(since, _split(kinds)) for path, since, kinds in map(_cells, lines)}


def _cells(line: str) -> list[str]:
    return line.split("\t")


def _split(kinds: str) -> tuple[str, ...]:
    return tuple(filter(None, kinds.split(", ")))
