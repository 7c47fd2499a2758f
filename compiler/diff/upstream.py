"""Find the changes of upstream systems: their releases, and settings in their own objects.

Unless the system is vendored, no wave contains these: a person types the commands.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diff import Action, Change, worst
from compiler.diff.fields import differences
from compiler.diff.risk import of_field
from compiler.model.effects import FieldChange, Judgement, Risk
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered
from compiler.model.prerequisite import Prerequisite
from compiler.model.resource import Resource
from compiler.upstream.changed_prerequisites import ChangedSetting, ChangedSystem, changed_systems

KIND = "Prerequisite"


def changes(environment: str, before: Lowered, after: Lowered) -> Iterator[Change]:
    """The changes of the systems that an environment expects in its cluster."""
    for change in changed_systems(before.graph, after.graph):
        yield from _system(environment, change)
        yield from (_setting(environment, change, setting) for setting in change.settings)


def _system(environment: str, change: ChangedSystem) -> Iterator[Change]:
    """The change of the system itself: it is new, is no longer needed, or is installed differently."""
    old, new = change.before, change.after
    if new is None:
        assert old is not None
        judgement = Judgement(
            Risk.NO_OP, "the cluster keeps it until you remove it; other platforms may use it"
        )
        yield _change(environment, old, Action.REMOVED, (), judgement)
    elif old is None:
        judgement = Judgement(Risk.NO_OP, "the platform needs it in the cluster", _remedy(change))
        yield _change(environment, new, Action.ADDED, (), judgement)
    elif change.is_reinstalled:
        fields = tuple(_installation(old, new))
        yield _change(environment, new, Action.CHANGED, fields, _reinstalled(change, old, new))


def _reinstalled(change: ChangedSystem, old: Prerequisite, new: Prerequisite) -> Judgement:
    if old.version == new.version and set(old.how) <= set(new.how):
        return Judgement(Risk.NO_OP, "a further part is installed", _remedy(change))
    return Judgement(
        Risk.DOWNTIME,
        "whether it serves meanwhile, and reads what its earlier installation has written, is not known here",
        f"read its upgrade notes; {_remedy(change)}",
    )


def _installation(old: Prerequisite, new: Prerequisite) -> Iterator[FieldChange]:
    """The release; of the same release, the commands."""
    if old.version != new.version:
        yield FieldChange("release", old.version, new.version)
    else:
        yield FieldChange("commands", "\n".join(old.how), "\n".join(new.how))


def _setting(environment: str, change: ChangedSystem, setting: ChangedSetting) -> Change:
    """The change of the fields that the platform requires in an object of upstream's."""
    system, manifest = change.after, setting.after or setting.before
    assert system is not None
    assert manifest is not None
    old, new = setting.before or _bare(manifest), setting.after or _bare(manifest)
    fields = tuple(differences(old, new))
    risk = worst(of_field(field, Resource(old), Resource(new)).risk for field in fields)
    reason = f"it belongs to the upstream system of `{system.name}`: `apply` and Argo CD do not change it"
    remedy = _remedy(change)
    if change.vendored:
        reason, remedy = f"it belongs to the vendored release of `{system.name}`", ""
    if setting.after is None:
        reason += "; it keeps these values until you reset them"
    return Change(
        environment, system.name, Action.SET_UPSTREAM, manifest["kind"],
        manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"], fields,
        (Judgement(risk, reason, remedy if setting.after else ""),),
    )  # fmt: skip


def _bare(manifest: Manifest) -> Manifest:
    """The object without any required field."""
    metadata = manifest["metadata"]
    names = {key: metadata[key] for key in ("name", "namespace") if key in metadata}
    return {key: manifest[key] for key in ("apiVersion", "kind")} | {"metadata": names}


def _remedy(change: ChangedSystem) -> str:
    assert change.after is not None
    name = change.after.name
    if change.vendored:
        return f"run `platformc vendor`: a delivery brings `{name}` along, with its settings"
    return (
        f"run the commands that `platformc apply-plan --since` prints for it, in its order with the rest; "
        f"`platformc prerequisites` prints all commands of `{name}`"
    )


def _change(
    environment: str, system: Prerequisite, action: Action, fields: tuple[FieldChange, ...],
    judgement: Judgement,
) -> Change:  # fmt: skip
    return Change(environment, system.name, action, KIND, "", system.name, fields, (judgement,))
