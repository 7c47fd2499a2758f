"""Refuse to print a plan that would apply files in out/ which the spec no longer compiles to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from compiler.commands.output import fail
from compiler.delivery.steps import SpecLocation
from compiler.emit import wave_files
from compiler.emit.tree import Tree
from compiler.files import open_folder, sentence
from compiler.model.package import Lowered
from compiler.write.output_paths import digests_on_disk
from compiler.write.plan import digest


def need_current(lowered: Lowered, file: Path) -> None:
    """End the command if its plan applies files, and their contents are not those of the spec."""
    if not lowered.platform.settings.rendered:
        return
    try:
        stale = next(_stale(lowered, file.parent), None)
    except OSError as error:
        fail(sentence(error))
    if stale is not None:
        command = f"platformc compile{SpecLocation(file).options}"
        fail(
            f"the plan would apply `{stale}`, which is not what the spec compiles to: run `{command}`"
        )


def _stale(lowered: Lowered, root: Path) -> Iterator[str]:
    """The files of waves that are missing on disk or have other contents."""
    folder = f"out/{lowered.platform.environment}"
    tree = Tree({f"{folder}/{name}": text for name, text in wave_files(lowered).items()})
    with open_folder(root) as opened:
        for path, current in zip(tree, digests_on_disk(opened, tree), strict=True):
            if current != digest(tree, path):
                yield path
