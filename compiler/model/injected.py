"""List the containers that each release of an upstream system adds to the pods of other programs.

A component's folder has them in `injected.json`: `tests/upstream/table.py` writes the file from upstream's
own code, and each release in it names its source.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from compiler.files import is_packaged, packaged
from compiler.model.manifest import Manifest

TABLE = "injected.json"


class Injected(Struct, frozen=True):
    """A container, and the upstream system that adds it to pods of other programs."""

    system: str  # the name of the system, with its release
    container: Manifest

    def secured(self, context: Mapping[str, Any]) -> Injected:
        """The container with a security context that a setting of its system gives it."""
        return replace(self, container={**self.container, "securityContext": dict(context)})


@lru_cache(maxsize=64)  # models by the thousand get the same containers
def injected(folder: str, system: str, release: str) -> tuple[Injected, ...]:
    """The containers that a release adds, from the table in a component's folder.

    For a release that the table lacks, the closest release is used (see `unlisted-release`).
    """
    row = closest(releases(folder), release)
    containers = _table(folder)[row]["containers"]
    return tuple(Injected(f"{system} {row}", container) for container in containers)


@lru_cache(maxsize=64)
def releases(folder: str) -> tuple[str, ...]:
    """The releases in a folder's table, the oldest first; none if there is no table."""
    return tuple(sorted(_table(folder), key=_numbers))


def closest(listed: Sequence[str], release: str) -> str:
    """The newest listed release that is not newer than `release`, or else the oldest one."""
    older = [candidate for candidate in listed if _numbers(candidate) <= _numbers(release)]
    return older[-1] if older else listed[0]


def _table(folder: str) -> dict[str, Any]:
    path = Path(folder, TABLE)
    table: dict[str, Any] = json.loads(packaged(path)) if is_packaged(path) else {}
    return table


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", release))
