"""Warnings before the first apply, where instances take over existing objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.model.instance import Instance
from compiler.model.package import Lowered
from compiler.registry import component_of


def warnings(lowered: Lowered) -> Iterator[str]:
    """One line for each thing that an instance takes over, with the effect of the first apply."""
    for package in lowered.packages.values():
        me = package.instance
        adopted = getattr(me.spec, "adopt", None) if me is not None else None
        if me is not None and adopted is not None:
            yield from _of(me, adopted)


def _of(me: Instance[Any], adopted: Any) -> Iterator[str]:
    subject = f"`{me.name}` takes over"
    if getattr(adopted, "claim", None):
        yield (
            f"{subject} the volume claim {adopted.claim}: stop the server that mounts it first, "
            "because two servers destroy its data"
        )
    if getattr(adopted, "database", None):
        migration = component_of(me).MIGRATION
        effect = f": {migration.format(image=me.spec.image)}" if migration else ""
        yield f"{subject} the database {adopted.database}{effect}; back it up first"
    if adopted.service:
        yield (
            f"{subject} the Service {adopted.service}: where another manager owns its fields, apply "
            "its wave with --force-conflicts once; ports that are not in the spec stay"
        )
