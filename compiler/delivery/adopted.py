"""Warn before the first apply of instances that take over existing objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.model.instance import Instance
from compiler.model.package import Lowered
from compiler.registry import component_of

# The effect of a namespace of the platform on everything that runs in it.
CLOSED = (
    "denies all traffic to and from pods that no policy names, and refuses new pods that are not "
    "`restricted`: move elsewhere what runs there and is no part of the platform"
)


def warnings(lowered: Lowered) -> Iterator[str]:
    """One line for each object that an instance takes over, with the effect of the first apply."""
    instances = [package.instance for package in lowered.packages.values() if package.instance]
    adopting = [me for me in instances if getattr(me.spec, "adopt", None) is not None]
    for space in sorted({me.namespace for me in adopting}):
        yield f"the namespace {space} {CLOSED}"
    for me in adopting:
        yield from _sentences(me, me.spec.adopt)


def _sentences(me: Instance[Any], adopted: Any) -> Iterator[str]:
    """A warning for each existing object that an instance adopts."""
    subject = f"`{me.name}` takes over"
    if getattr(adopted, "claim", None):
        yield (
            f"{subject} the volume claim {adopted.claim}: stop the server that mounts it first, "
            "because two servers destroy its data"
        )
    if getattr(adopted, "secret", None):
        yield (
            f"{subject} the Secret {adopted.secret}: create it first in {me.namespace}, with the "
            "administrator's `username` and `password`; nothing here makes or changes it"
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
