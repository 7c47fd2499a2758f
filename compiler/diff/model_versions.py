"""Judge the effect of another version of a registered model on its callers by both signatures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from compiler.diff import Action, Cause, Change
from compiler.model.effects import Judgement, Risk
from compiler.model.package import Platform
from compiler.spec.locked_model import LockedModel
from compiler.upstream.lock import NAME

Versions = Mapping[str, tuple[LockedModel, LockedModel]]  # the old and the new version, by model


def changed(before: Platform | None, after: Platform | None) -> Versions:
    """The models whose version in the lock has changed."""
    old, new = _locked(before), _locked(after)
    return {name: (old[name], new[name]) for name in old.keys() & new.keys()
            if old[name].uri != new[name].uri}  # fmt: skip


def _locked(platform: Platform | None) -> Mapping[str, LockedModel]:
    if platform is None or platform.environment is None:
        return {}
    entries = platform.locked.get(platform.environment, {})
    return {name: entries[name] for name in platform.registered if name in entries}


def with_version(change: Change, versions: Versions) -> Change:
    """The change of a model's object, with the judgement of the change of its version."""
    pair = versions.get(change.component)
    if pair is None or change.action is not Action.CHANGED:
        return change
    before, after = pair
    if not any((field.before, field.after) == (before.uri, after.uri) for field in change.fields):
        return change
    cause = Cause(f"models.{change.environment}.{change.component}", NAME)
    of_model = f"spec.models.{change.component}"
    rest = tuple(cause for cause in change.causes if cause.path.startswith(of_model))
    judgements = (*change.judgements, _judgement(before, after, change.risk))
    return replace(change, judgements=judgements, causes=(cause, *rest))


def _judgement(before: LockedModel, after: LockedModel, risk: Risk) -> Judgement:
    """The judgement of another version: callers may fail if the signature loses or demands a column."""
    versions = f"version {before.version} to {after.version}"
    differences = [*_inputs(before, after), *_outputs(before, after)]
    if not differences:
        unchanged = before.signature == after.signature
        rest = "the same signature" if unchanged else "another signature"
        return Judgement(risk, f"{versions}: {rest}")
    reason = f"{versions}: the signature {', '.join(text for text, _ in differences)}"
    if any(breaks for _, breaks in differences):
        return Judgement(
            max(risk, Risk.DOWNTIME), reason, "let the callers send and read both signatures first"
        )
    return Judgement(risk, reason)


def _inputs(before: LockedModel, after: LockedModel) -> Iterator[tuple[str, bool]]:
    """Each difference of the inputs, and whether it breaks callers. MLflow ignores additional columns."""
    for name, type in after.inputs.items():
        old = before.inputs.get(name)
        if old is None:
            yield f"gains `{name}` ({type})", not type.endswith("?")
        elif old != type:
            yield f"changes `{name}` from {old} to {type}", True
    yield from ((f"loses `{name}`", False) for name in before.inputs if name not in after.inputs)


def _outputs(before: LockedModel, after: LockedModel) -> Iterator[tuple[str, bool]]:
    for name, type in before.outputs.items():
        new = after.outputs.get(name)
        if new is None:
            yield f"no longer answers `{name}` ({type})", True
        elif new != type:
            yield f"answers `{name}` as {new} and not {type}", True
    added = (name for name in after.outputs if name not in before.outputs)
    yield from ((f"answers `{name}` as well", False) for name in added)
