"""Compare two compilations, environment by environment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from compiler.diff import Action, Change, ended_move, kept_secrets, upstream
from compiler.diff.attribution import Attribution
from compiler.diff.data import moved
from compiler.diff.fields import differences
from compiler.diff.immutable import refused, refused_by_webhook
from compiler.diff.model_versions import changed, with_version
from compiler.diff.objects import Key, OwnedObject, objects
from compiler.diff.retained import taken_over
from compiler.diff.risk import of_addition, of_field, of_removal
from compiler.model.effects import FieldChange, Judgement
from compiler.model.package import Lowered
from compiler.pipeline import Compilation


def compare(before: Compilation, after: Compilation) -> tuple[Change, ...]:
    """Every change by environment and component, the highest risk first."""
    all_changes: list[Change] = []
    for environment in sorted({*before.environments, *after.environments}):
        old, new = before.lowered.get(environment), after.lowered.get(environment)
        changes = list(in_environment(environment, old, new))
        if changes:
            attribution = Attribution(before, after, environment)
            changes = [replace(change, causes=attribution.of(change)) for change in changes]
            platforms = (before.platforms.get(environment), after.platforms.get(environment))
            versions = changed(*platforms)
            all_changes += [with_version(change, versions) for change in changes]
    return tuple(sorted(all_changes, key=_sort_key))


def _sort_key(change: Change) -> tuple[Any, ...]:
    return (
        change.environment, change.component, -change.risk, change.kind, change.namespace,
        change.name, change.action,
    )  # fmt: skip


def in_environment(environment: str, old: Lowered | None, new: Lowered | None) -> Iterator[Change]:
    """The changes of one environment, without their causes."""
    old_objects = objects(old) if old else {}
    new_objects = objects(new) if new else {}
    for key in sorted(old_objects.keys() | new_objects.keys()):
        change = _object(environment, key, old_objects.get(key), new_objects.get(key), old, new)
        if change:
            yield change
    if old and new:
        yield from moved(environment, old, new)
        yield from upstream.changes(environment, old, new)


def _object(
    environment: str, key: Key, before: OwnedObject | None, after: OwnedObject | None,
    old: Lowered | None, new: Lowered | None,
) -> Change | None:  # fmt: skip
    """The change of an object that was added, removed or changed; None if it is the same."""
    if before and after:
        return _changed(environment, key, before, after)
    if before:
        verdict = (
            taken_over(before.resource, old, new)
            or kept_secrets.of_removal(before.resource, new)
            or ended_move.of_removal(before, old, new)
            or of_removal(before.resource)
        )
        return _change(environment, key, before, Action.REMOVED, (), (verdict,))
    assert after is not None
    return _change(environment, key, after, Action.ADDED, (), (of_addition(after.resource),))


def _changed(environment: str, key: Key, before: OwnedObject, after: OwnedObject) -> Change | None:
    """The change of an object in both compilations; None if only the hash in a Job's name differs."""
    fields = tuple(
        field
        for field in differences(before.manifest, after.manifest)
        if not (key[1] == "Job" and field.path == "metadata/name")
    )
    if not fields:
        return None
    verdicts = (of_field(field, before.resource, after.resource) for field in fields)
    change = _change(
        environment, key, after, Action.CHANGED, fields, tuple(dict.fromkeys(verdicts))
    )
    return replace(change, recreation=any(_is_refused(field, before, after) for field in fields))


def _is_refused(field: FieldChange, before: OwnedObject, after: OwnedObject) -> bool:
    """Whether a cluster refuses to change a field in place."""
    custom = before.resource.custom
    return refused(before.resource.kind, field, custom) or refused_by_webhook(
        field, custom, before.manifest, after.manifest
    )


def _change(
    environment: str, key: Key, owned: OwnedObject, action: Action, fields: tuple[FieldChange, ...],
    verdicts: tuple[Judgement, ...],
) -> Change:  # fmt: skip
    _, kind, namespace, name = key
    return Change(environment, owned.component, action, kind, namespace, name, fields, verdicts)
