"""Compare the upstream systems of two trees: releases, installations, and the settings in upstream's objects."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from shlex import quote

from msgspec import Struct

from compiler.model.graph import Graph
from compiler.model.manifest import Manifest
from compiler.model.prerequisite import Prerequisite
from compiler.model.sameness import same
from compiler.upstream.install_commands import patch_command, patching, upgrade_commands
from compiler.upstream.prerequisites import prerequisites, vendored

Identity = tuple[str, str, str, str]  # apiVersion, kind, namespace, name


class ChangedSetting(Struct, frozen=True):
    """The required fields of one of upstream's objects, before and after; None where none are required."""

    before: Manifest | None
    after: Manifest | None


class ChangedSystem(Struct, frozen=True):
    """An upstream system that only one tree requires, or that the trees require differently."""

    before: Prerequisite | None
    after: Prerequisite | None
    settings: tuple[ChangedSetting, ...] = ()
    vendored: bool = False  # whether every delivery applies its release and its settings

    @property
    def is_reinstalled(self) -> bool:
        """Whether another release is required, or the same release is installed differently."""
        return (
            self.before is not None
            and self.after is not None
            and (self.before.version, self.before.how) != (self.after.version, self.after.how)
        )


def changed_systems(before: Graph, after: Graph) -> Iterator[ChangedSystem]:
    """The systems that differ, in the order of their installation; then the systems that are no longer needed."""
    old, new = _by_name(before), _by_name(after)
    brought = {system.name for system in vendored(after)}
    for name, system in new.items():
        earlier = old.get(name)
        settings = tuple(_settings(earlier, system)) if earlier else ()
        change = ChangedSystem(earlier, system, settings, name in brought)
        if earlier is None or settings or change.is_reinstalled:
            yield change
    yield from (ChangedSystem(old[name], None) for name in old if name not in new)


def _by_name(graph: Graph) -> dict[str, Prerequisite]:
    return {system.name: system for system in (*prerequisites(graph), *vendored(graph))}


def _settings(before: Prerequisite, after: Prerequisite) -> Iterator[ChangedSetting]:
    old, new = _by_identity(before), _by_identity(after)
    for identity in (*new, *(identity for identity in old if identity not in new)):
        earlier, later = old.get(identity), new.get(identity)
        if not same(earlier, later):
            yield ChangedSetting(earlier, later)


def _by_identity(system: Prerequisite) -> Mapping[Identity, Manifest]:
    return {_identity(manifest): manifest for manifest in system.objects}


def _identity(manifest: Manifest) -> Identity:
    metadata = manifest["metadata"]
    return manifest["apiVersion"], manifest["kind"], metadata.get("namespace", ""), metadata["name"]


def change_commands(change: ChangedSystem, folder: str, releases: str | None) -> Iterator[str]:
    """Commands that install the other release, patch what has changed, and let the system read it.

    A release may set its own values again, so that all settings follow it. Every plan applies the release
    and the settings of a vendored system again, so that this only needs to read them.
    """
    system = change.after
    if system is None or change.before is None:
        return
    changed = [setting.after for setting in change.settings if setting.after is not None]
    if change.vendored:
        yield from _restarts(system, changed)
        return
    if change.is_reinstalled:
        yield from upgrade_commands(system, releases)
        changed = list(system.objects)
    yield from (patch_command(system, manifest, folder) for manifest in changed)
    yield from filter(None, map(_removal, change.settings))
    yield from _restarts(system, changed)


def _removal(setting: ChangedSetting) -> str:
    """The command that removes keys of maps that are no longer required: the patch in the file leaves them.

    Without it, Knative would take the old domain of two. Where the platform requires nothing of an object any
    more, its keys stay: a system may need its own values of them.
    """
    if setting.before is None or setting.after is None:
        return ""
    removed = _gone(setting.before, setting.after)
    patch = quote(json.dumps(removed, sort_keys=True, separators=(",", ":")))
    return f"{patching(setting.after)} -p {patch}" if removed else ""


def _gone(before: Manifest, after: Manifest) -> Manifest:
    """A patch with null for each key of a map that only `before` has."""
    patch: Manifest = {key: None for key in before if key not in after}
    for key in before.keys() & after.keys():
        if isinstance(before[key], dict) and isinstance(after[key], dict):
            inner = _gone(before[key], after[key])
            patch |= {key: inner} if inner else {}
    return patch


def _restarts(system: Prerequisite, changed: list[Manifest]) -> Iterator[str]:
    """Restart what reads its settings, or joins a mesh, only when it starts; wait for all that restarts."""
    kinds = {manifest["kind"] for manifest in changed}
    patched = {_identity(manifest)[2:] for manifest in changed if manifest["kind"] == "Deployment"}
    if "Namespace" in kinds:
        yield from (f"kubectl rollout restart deployment -n {space}" for space in system.namespaces)
    elif "ConfigMap" in kinds:
        for name, space in system.deployments:
            if (space, name) not in patched:
                yield f"kubectl rollout restart deployment/{name} -n {space}"
    if kinds & {"Namespace", "ConfigMap", "Deployment"}:
        for name, space in system.deployments:
            yield f"kubectl rollout status deployment/{name} -n {space} --timeout=10m"
