"""Files of vendored releases that differ from what `vendor` wrote.

A delivery applies `operators/NAME` with the rights of an administrator, so an object that is added there is
as strong as one in the output. `platform.lock` has the digests of the written files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from compiler.diagnostics import Report
from compiler.document.span import Span
from compiler.files import open_folder
from compiler.model.package import Lowered
from compiler.upstream import lock
from compiler.upstream.prerequisites import vendored
from compiler.upstream.written_files import changed_files

_MOST_FILES = 100  # the most files that a run names


def check_previous(environments: Mapping[str | None, Lowered], root: Path, report: Report) -> None:
    for code, path, problem in list(differences(environments, root))[:_MOST_FILES]:
        name = path.split("/")[1]
        report.add(
            code,
            f"`{path}` {problem}",
            Span.of_file(root / path),
            help=f"move your change out of `operators/{name}`, and run `platformc vendor {name}`",
        )


def differences(
    lowered: Mapping[str | None, Lowered], root: Path
) -> Iterator[tuple[str, str, str]]:
    """The code, path and problem of each file that differs, in the releases of all environments."""
    try:
        with open_folder(root) as folder:
            locked = lock.parse(folder.read_if_there(lock.NAME) or b"", lock.NAME)
            names = {*locked.operators} | {
                prerequisite.name
                for name, environment in lowered.items()
                if name is not None
                for prerequisite in vendored(environment.graph)
            }
            for name in sorted(names):
                yield from changed_files(name, locked.written, folder)
    except FileNotFoundError:  # there is no output yet
        return
