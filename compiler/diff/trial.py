"""Compile specs between an old and a new spec, to see the effect of some of the changes."""

from __future__ import annotations

from collections.abc import Mapping

from compiler import pipeline
from compiler.diagnostics import Report
from compiler.diff import Action, Change, upstream
from compiler.diff.data import moved
from compiler.diff.objects import Key, objects
from compiler.document import Node, Path
from compiler.model.manifest import Manifest
from compiler.model.memo import Memo
from compiler.model.package import Lowered
from compiler.model.sameness import same
from compiler.pipeline import Compilation
from compiler.specialise import Variants
from compiler.upstream.lock import Lock

Group = tuple[Path, ...]  # sections of the spec that are tried together
Subject = tuple[str, ...]  # the object, data or login that a change is about
# The new state of each changed subject; None if it is removed.
Outcome = Mapping[Subject, Manifest | Change | None]


class Trial:
    """One environment of two specs, and the outcomes of specs between them."""

    def __init__(self, before: Compilation, after: Compilation, environment: str) -> None:
        self._environment = environment
        self._lowered = before.lowered[environment]
        self._old = before.platforms[environment]
        self._new = after.platforms[environment]
        files = {**self._new.files, **self._old.files}
        self._lock = Lock(images=self._old.pins, models=self._old.locked, files=files)
        self._objects = _manifests(self._lowered)
        self._memo = Memo()
        self._without: dict[Path, Outcome | None] = {}
        self.expected = self._outcome(after.lowered[environment])

    def of(self, group: Group) -> Outcome | None:
        """The outcome of some sections of the new spec; None if they do not compile alone."""
        document = self._old.document
        for section in group:
            document = grafted(document, self._new.document, section)
        return self._compiled(document)

    def without(self, section: Path) -> Outcome | None:
        """The outcome of the new spec without some sections."""
        if section not in self._without:
            document = grafted(self._new.document, self._old.document, section)
            self._without[section] = self._compiled(document)
        return self._without[section]

    def _compiled(self, document: Node) -> Outcome | None:
        name, report = self._environment, Report()
        variants = Variants(document, {name: document})
        result = pipeline.resolved(variants, self._lock, report, self._memo)
        if report.failed:
            return None
        result = pipeline.with_objects(result, only=(name,))
        return None if report.failed else self._outcome(result.lowered[name])

    def _outcome(self, lowered: Lowered) -> Outcome:
        old, new = self._objects, _manifests(lowered)
        outcome: dict[Subject, Manifest | Change | None] = {
            key[1:]: new.get(key)
            for key in old.keys() | new.keys()
            if not same(old.get(key), new.get(key))
        }
        trees = (self._environment, self._lowered, lowered)
        changes = (*moved(*trees), *upstream.changes(*trees))
        return outcome | {subject_of(change): change for change in changes}


def subject_of(change: Change) -> Subject:
    """The subject of a change: the key of its outcome."""
    if change.action in (Action.MOVED, Action.LEFT_BEHIND, Action.RETAINED):
        return (change.action, change.kind, change.name, *(field.path for field in change.fields))
    if change.action is Action.SET_UPSTREAM:  # the platform may have an object of the same name
        return (change.action, change.kind, change.namespace, change.name)
    return (change.kind, change.namespace, change.name)


def _manifests(lowered: Lowered) -> dict[Key, Manifest]:
    return {key: owned.manifest for key, owned in objects(lowered).items()}


def grafted(before: Node, after: Node, path: Path) -> Node:
    """The document `before`, with the part at `path` from the document `after`."""
    return _grafted(before, after, path) or Node({}, before.span, {})


def _grafted(before: Node | None, after: Node | None, path: Path) -> Node | None:
    """The node `before` in which the part at `path` comes from `after`; None if nothing is left."""
    if not path:
        return after
    frame = before if before and isinstance(before.value, dict) else after
    if frame is None:
        return None
    values = dict(before.value) if before and isinstance(before.value, dict) else {}
    keys = {**(after.keys if after else {}), **(before.keys if before else {})}
    key = str(path[0])
    child = _grafted(values.get(key), after.child(key) if after else None, path[1:])
    values.pop(key, None)
    if child is not None:
        values[key] = child
    return Node(values, frame.span, keys)
