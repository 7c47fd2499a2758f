"""Judge removed objects whose Secret would go with them, although pods still read it.

Argo CD prunes in the foreground by default, and deletes the Secret too (Argo CD, sync options,
PrunePropagationPolicy).
"""

from __future__ import annotations

from compiler.delivery.owned_secrets import is_still_read
from compiler.model.effects import Judgement, Risk
from compiler.model.package import Lowered
from compiler.model.resource import Resource


def of_removal(resource: Resource, after: Lowered | None) -> Judgement | None:
    """The judgement of a removed object that owns a Secret which the new tree reads."""
    if after is None or not is_still_read(resource, after):
        return None
    return Judgement(
        Risk.DOWNTIME,
        "its Secret goes with it, and new pods do not start without",
        "delete it with --cascade=orphan, as the plan of `apply-plan --since` does: the Secret stays; where Argo CD "
        "delivers, set the sync option PrunePropagationPolicy=orphan of its Application until it has pruned",
    )
