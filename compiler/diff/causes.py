"""Which lines of the spec a change comes from: found by trying, not by guessing.

For each section that differs, the old spec with only that section from the new one is compiled;
what then differs from the old output comes from that section. A change that takes several sections
together, or sections that don't compile alone, is put down to all of them. Models, of which there
may be thousands, are not tried: one comes from its own section, or from what all of them share.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from msgspec.structs import replace

from compiler.derive import derive
from compiler.diagnostics import Report
from compiler.diff import Cause, Change
from compiler.diff.data import moved
from compiler.diff.objects import objects
from compiler.document import Node, Path
from compiler.lower import dotted, lower
from compiler.model.package import Lowered, Platform
from compiler.pipeline import Compilation
from compiler.resolve import resolve
from compiler.resolve.shared import Shared
from compiler.spec.root import SECTIONS
from compiler.validate import Validator

Touched = frozenset[tuple[str, str, str]]  # kind, namespace, name
_MOST = 40  # sections to try; above, a change is put down to its own component's, or to all
_MOST_LINES = 4  # of a change that comes from many


class Causes:
    """The sections that differ between two specs of one environment, and what each touches."""

    def __init__(self, before: Compilation, after: Compilation, environment: str) -> None:
        self._old = before.platforms.get(environment)
        self._new = after.platforms.get(environment)
        self._environment = environment
        self._touched: dict[Path, Touched | None] = {}
        lowered = (one.lowered.get(environment) for one in (before, after))
        self._models = {name for one in lowered if one for name in one.models}
        if self._old is None or self._new is None:
            return
        sections = tuple(dict.fromkeys(_sections(self._old.document, self._new.document)))
        tries = Tries(self._old, self._new, before.lowered[environment])
        for section in sections:
            self._touched[section] = tries.touched(section) if 1 < len(sections) <= _MOST else None

    def of(self, change: Change) -> tuple[Cause, ...]:
        """The lines that a change comes from, the first few."""
        if self._old is None or self._new is None:
            return (self._whole_environment(),)
        lines = (
            Cause(dotted(path), _line(self._old.document, self._new.document, path))
            for section in self._sections_of(change)
            for path in _leaves(self._old.document, self._new.document, section)
        )
        return tuple(islice(lines, _MOST_LINES))

    def _whole_environment(self) -> Cause:
        platform = self._new or self._old
        assert platform is not None
        span = platform.document.span
        return Cause(f"spec.environments.{self._environment}", f"{span.file}:{span.line}")

    def _sections_of(self, change: Change) -> list[Path]:
        model = ("spec", "models", change.component)
        if model in self._touched:
            return [model]
        if change.component in self._models:
            shared = [one for one in self._touched if one[:2] != model[:2]]
            return shared or list(self._touched)
        thing = (change.kind, change.namespace, change.name)
        known = [one for one, touched in self._touched.items() if touched and thing in touched]
        if known:
            return known
        if len(self._touched) > _MOST:
            own = [one for one in self._touched if one[-1] == change.component]
            return own or list(self._touched)
        unknown = [one for one, touched in self._touched.items() if touched is None]
        return unknown or list(self._touched)


class Tries:
    """Compiles of an old spec with one section of the new one; what they share is made once."""

    def __init__(self, old: Platform, new: Platform, lowered: Lowered) -> None:
        self._old, self._new = old, new
        self._objects = objects(lowered, models=False)
        self._lowered = lowered
        self._validator, self._shared = Validator(), Shared()

    def touched(self, section: Path) -> Touched | None:
        """What differs once a section is the new one; None where it doesn't compile alone."""
        tried = self._compiled(graft(self._old.document, self._new.document, section))
        if tried is None:
            return None
        ours, theirs = self._objects, objects(tried, models=False)
        keys = ours.keys() | theirs.keys()
        differing = (key[1:] for key in keys if ours.get(key) != theirs.get(key))
        homes = moved("", self._lowered, tried)
        return frozenset({*differing, *((one.kind, "", one.name) for one in homes)})

    def _compiled(self, document: Node | None) -> Lowered | None:
        if document is None:
            return None
        report = Report()
        made = self._validator.platform(document, self._old.environment, report)
        if made is None:
            return None
        made = replace(made, pins=self._old.pins)
        graph = resolve(made, report, self._shared)
        if report.failed:
            return None
        tried = derive(lower(made, graph), report)
        return None if report.failed else tried


def _line(before: Node, after: Node, path: Path) -> str:
    """Where a path stands in the new spec; in the old one, where the new has it no more."""
    span = (after if _at(after, path) else before).value_span(path)
    return f"{span.file}:{span.line}"


def _sections(before: Node, after: Node) -> Iterator[Path]:
    """The parts of the spec that differ: an instance, a setting."""
    for path in _leaves(before, after, ()):
        depth = 3 if path[:1] == ("spec",) and path[1:2] and path[1] in SECTIONS else 2
        yield path[:depth]


def _leaves(before: Node, after: Node, path: Path) -> Iterator[Path]:
    """The longest paths below `path` at which two documents differ."""
    ours, theirs = _at(before, path), _at(after, path)
    if ours is theirs or (ours and theirs and ours.plain() == theirs.plain()):
        return
    keys = {key for one in (ours, theirs) if one for key, _ in one.entries()}
    maps = all(one is None or isinstance(one.value, dict) for one in (ours, theirs))
    # A section that one spec lacks counts by its instances, an instance as a whole.
    if keys and maps and ((ours and theirs) or len(path) <= 2):
        for key in sorted(keys):
            yield from _leaves(before, after, (*path, key))
        return
    yield path


def _at(node: Node, path: Path) -> Node | None:
    found: Node | None = node
    for key in path:
        found = found.child(key) if found else None
    return found


def graft(before: Node | None, after: Node | None, path: Path) -> Node | None:
    """The old document with the part at `path` from the new one."""
    if not path:
        return after
    if before is None and after is None:
        return None
    frame = before if before and isinstance(before.value, dict) else after
    assert frame is not None
    values = dict(before.value) if before and isinstance(before.value, dict) else {}
    keys = {**(after.keys if after else {}), **(before.keys if before else {})}
    key = str(path[0])
    child = graft(values.get(key), after.child(key) if after else None, path[1:])
    values.pop(key, None)
    if child is not None:
        values[key] = child
    return Node(values, frame.span, keys)
