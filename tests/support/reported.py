"""Mistakes that users reported of files that are kept elsewhere, each as a spec of platformc.

A row names the public thread in which the mistake occurs. `«` in its spec marks the place of the finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import indent

import yaml

from support.corpus import MARK
from support.diagnosing import HEADER
from support.paths import TESTS

FOLDER = TESTS / "reported"


@dataclass(frozen=True, slots=True)
class Reported:
    """One spec, and the finding that its author must get."""

    name: str
    source: str
    code: str
    help: str
    text: str
    place: tuple[int, int]  # line and column


def reported() -> Iterator[Reported]:
    for path in sorted(FOLDER.glob("*.yaml")):
        for number, row in enumerate(
            yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader), 1
        ):
            marked = f"{HEADER}spec:\n{indent(row['spec'], '  ')}"
            assert marked.count(MARK) == 1, row["source"]
            before = marked[: marked.index(MARK)]
            position = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
            name = f"{path.stem}-{number:02}-{row['code']}"
            text = marked.replace(MARK, "")
            yield Reported(name, row["source"], row["code"], row["help"], text, position)
