"""Plan the changes of upstream systems since an earlier tree: their releases, and settings in their objects."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.delivery.steps import SpecLocation, WaveChange
from compiler.emit.manifests import waves
from compiler.model.package import Lowered
from compiler.upstream.changed_prerequisites import ChangedSystem, change_commands, changed_systems


def upstream_changes(
    before: Lowered, after: Lowered, location: SpecLocation
) -> Iterator[WaveChange]:
    """The commands for each changed system."""
    folder = location.unquoted(f"prerequisites/{after.platform.environment}")
    releases = after.platform.settings.registry.releases
    for change in changed_systems(before.graph, after.graph):
        commands = tuple(change_commands(change, folder, releases))
        if commands:
            yield _in_wave(after, change, commands)


def _in_wave(after: Lowered, change: ChangedSystem, commands: tuple[str, ...]) -> WaveChange:
    """The commands where they belong: a release before all waves, settings when the back ends in them run."""
    assert change.after is not None
    system, numbers = change.after, list(waves(after))
    if change.is_reinstalled and not change.vendored:
        title = f"{system.name} {system.version}".strip()
        return WaveChange(
            min(numbers), f"{title}, in place of its earlier installation", before=commands
        )
    start = after.packages[system.name].start if system.name in after.packages else 0
    later = [number for number in numbers if number >= start]
    title = f"{system.name}: settings in upstream's own objects, which no wave contains"
    if change.vendored:
        title = f"{system.name} reads its new settings"
    if later:
        return WaveChange(min(later), title, before=commands)
    return WaveChange(max(numbers), title, after=commands)
