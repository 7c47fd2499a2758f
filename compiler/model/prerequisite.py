"""What must be in the cluster before the platform: upstream systems that it neither ships nor owns.

A component's module may have a function `prerequisites(me, wiring)` that returns one of these, or
None where its `install:` asks for something else.
"""

from __future__ import annotations

from msgspec import Struct, field

from compiler.model.resource import Manifest


class Prerequisite(Struct, frozen=True, kw_only=True):
    """One upstream system: which release, where, how to get it, and what it must be told."""

    name: str  # the folder below `prerequisites/`: the instance's name
    system: str  # as its own manual calls it
    version: str  # the release that the emitted objects fit
    namespaces: tuple[str, ...]  # where it lives
    how: tuple[str, ...]  # commands that install it, one each
    # Parts of upstream's own objects, each with apiVersion, kind and metadata: strategic merge
    # patches of the kustomize Component, and what `doctor` looks for in the cluster.
    objects: tuple[Manifest, ...] = field(default=())
