"""Group changes for a reviewer: by cause, the highest risk first, equal changes as one entry.

Equal changes in several environments are one entry, and so are equal changes of several objects
(such as a new label).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from compiler.diff import Cause, Change, worst
from compiler.diff.wording import field_lines, verdict
from compiler.model.effects import Risk

# The objects that an entry names: of a change that is safe, and of one that is not.
_LISTED_OF_SAFE, _LISTED_OF_RISKY = 6, 40


class Entry(Struct, frozen=True):
    """One difference, with the objects and the environments in which it occurs."""

    change: Change  # one of them all
    titles: tuple[str, ...]
    environments: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.titles) * len(self.environments)

    @property
    def title(self) -> str:
        """The objects and the action on them; only the first few objects if the change is safe."""
        listed = _LISTED_OF_RISKY if self.change.risk >= Risk.DOWNTIME else _LISTED_OF_SAFE
        unlisted = len(self.titles) - listed
        named = ", ".join(self.titles[:listed]) + (f" and {unlisted} more" if unlisted > 0 else "")
        return f"{named} {self.change.action}"


class Block(Struct, frozen=True):
    """Entries of one cause that are equally bad for the same reasons."""

    causes: tuple[Cause, ...]
    entries: tuple[Entry, ...]

    @property
    def risk(self) -> Risk:
        return self.entries[0].change.risk


class Group(Struct, frozen=True):
    """The entries that come from the same lines of the spec."""

    causes: tuple[Cause, ...]
    entries: tuple[Entry, ...]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The entries by their verdict, the worst first."""
        by_verdict: dict[object, list[Entry]] = {}
        for entry in self.entries:
            by_verdict.setdefault(verdict(entry.change), []).append(entry)
        return tuple(Block(self.causes, tuple(entries)) for entries in by_verdict.values())

    @property
    def risk(self) -> Risk:
        return worst(entry.change.risk for entry in self.entries)


def grouped(changes: Iterable[Change]) -> tuple[Group, ...]:
    """All changes, grouped by cause; groups and entries are sorted by risk, the highest first."""
    by_causes: dict[tuple[Cause, ...], list[Entry]] = {}
    for entry in _entries(changes):
        by_causes.setdefault(entry.change.causes, []).append(entry)
    groups = [
        Group(causes, tuple(sorted(entries, key=_entry_order)))
        for causes, entries in by_causes.items()
    ]
    return tuple(sorted(groups, key=_group_order))


def _entries(changes: Iterable[Change]) -> list[Entry]:
    """Equal changes as one entry: first across environments, then across objects."""
    environments: dict[str, list[Change]] = {}
    for change in changes:
        # Fields hold any value, and so have no hash.
        environments.setdefault(repr(replace(change, environment="")), []).append(change)
    objects: dict[object, list[list[Change]]] = {}
    for alike in environments.values():
        representative = alike[0]
        names = tuple(sorted(change.environment for change in alike))
        appearance = (
            representative.causes,
            representative.action,
            verdict(representative),
            tuple(field_lines(representative)),
            names,
        )
        objects.setdefault(appearance, []).append(alike)
    return [_entry(alike) for alike in objects.values()]


def _entry(alike: Sequence[Sequence[Change]]) -> Entry:
    representative = alike[0][0]
    titles = tuple(sorted({changes[0].title for changes in alike}))
    return Entry(representative, titles, tuple(sorted({change.environment for change in alike[0]})))


def _entry_order(entry: Entry) -> tuple[object, ...]:
    change = entry.change
    return -change.risk, not change.recreation, change.component, entry.titles, change.action


def _group_order(group: Group) -> tuple[object, ...]:
    return -group.risk, -sum(entry.count for entry in group.entries), repr(group.causes)
