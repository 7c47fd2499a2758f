"""Values of which plans are made: steps of commands, and the paths in them."""

from __future__ import annotations

import shlex
from pathlib import Path

from msgspec import Struct

TIMEOUT = "10m"  # of one wait


class Step(Struct, frozen=True):
    """Commands that belong together, with a title."""

    title: str
    commands: tuple[str, ...]
    phase: int = 0


class WaveChange(Struct, frozen=True):
    """Commands for a change that is refused, or never ends, when its wave is only applied."""

    wave: int
    title: str
    before: tuple[str, ...] = ()  # before the wave is applied
    after: tuple[str, ...] = ()  # after it is applied, and before the waits


class SpecLocation(Struct, frozen=True):
    """The path of the spec, from which commands get their options and paths."""

    spec: Path = Path("platform.yaml")
    output: Path | None = None  # the folder of the output, if it is not the spec's

    @property
    def options(self) -> str:
        """The options of every platformc command."""
        return "" if self.spec == Path("platform.yaml") else f" -f {shlex.quote(str(self.spec))}"

    def sibling(self, path: str) -> str:
        """The path of a file of the output, for a shell."""
        return shlex.quote(self.unquoted(path))

    def unquoted(self, path: str) -> str:
        """The path of a file of the output, next to the spec unless the user named a folder."""
        return str((self.output or self.spec.parent) / path)
