"""Judge the end of `spec.move`: the old instance is deleted from the spec, and its data stays in the cluster.

The clients use the new instance since the cut-over, and it has all of their data.
"""

from __future__ import annotations

from collections.abc import Sequence

from compiler.derive.order import is_pruned
from compiler.diagnostics.words import listing
from compiler.diff.objects import OwnedObject
from compiler.diff.risk import holds_data
from compiler.model.effects import Judgement, Risk
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered
from compiler.model.volume_claims import deletes_volumes, volume_claims
from compiler.spec.move import Move
from compiler.tenants import move as tenant


def ended(before: Lowered, after: Lowered) -> Move | None:
    """The move that the new spec ends; None if it ends none, or ends it before the cut-over."""
    move, instances = before.platform.settings.move, after.graph.instances
    if move is None or not move.cut_over or after.platform.settings.move is not None:
        return None
    return move if move.from_ not in instances and move.to in instances else None


def of_removal(
    owned: OwnedObject, before: Lowered | None, after: Lowered | None
) -> Judgement | None:
    """The judgement of a removed object that has data which the new instance has too."""
    move = ended(before, after) if before and after else None
    if before is None or move is None or not holds_data(owned.resource):
        return None
    if owned.resource.kind == "Namespace":
        owners = _owners(before, owned.resource.name)
    else:
        owners = {owned.component}
    if not owners <= {move.from_, tenant.NAME}:
        return None
    return _judgement(owned.manifest, move.to)


def _judgement(manifest: Manifest, new: str) -> Judgement | None:
    reason = f"`{new}` has its data since the cut-over"
    if not is_pruned(manifest):
        return Judgement(Risk.NO_OP, f"{reason}; it stays, with its data, until you delete it")
    if deletes_volumes(manifest):
        return None
    volumes = sorted(volume_claims(manifest))
    if volumes:
        reason += f"; {_staying(volumes, manifest['metadata']['namespace'])}"
    return Judgement(Risk.DOWNTIME, reason)


def _staying(volumes: Sequence[str], namespace: str) -> str:
    names, place = listing(volumes), f"in `{namespace}` until you delete"
    if len(volumes) == 1:
        return f"its volume claim {names} stays {place} it"
    return f"its volume claims {names} stay {place} them"


def _owners(lowered: Lowered, namespace: str) -> set[str]:
    """The instances in a namespace, and those that have data there."""
    return {
        package.name
        for package in lowered.all_packages
        if package.instance is not None
        and (
            package.instance.namespace == namespace
            or any(holds_data(r) for r in package.resources if r.namespace == namespace)
        )
    }
