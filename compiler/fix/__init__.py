"""Apply corrections that need no decision of the user.

An edit replaces the text at one place and leaves every other byte unchanged: blank lines, flow
maps, line ends. It is kept if its diagnostic disappears and no diagnostic appears that only a user
can resolve. ruamel.yaml writes the text of an edit, in the quotes that were there. It would reformat
the other lines, so it does not write them; its round trips of the old and the new file, comments
included, must differ only in the corrected lines, or nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from difflib import SequenceMatcher
from io import StringIO
from pathlib import Path

from msgspec import Struct

from compiler.diagnostics import Diagnostic, Report, errors
from compiler.document.lines import lines
from compiler.files import located, open_folder
from compiler.fix.edit import edited

Diagnose = Callable[[bytes], Report]


class Fixed(Struct, frozen=True):
    """A spec after its corrections, and the diagnostics that they resolved."""

    data: bytes
    corrected: tuple[Diagnostic, ...] = ()


def fixed(data: bytes, diagnose: Diagnose) -> Fixed:
    """Apply corrections one at a time, because one mistake can hide another."""
    original, corrected = data, list[Diagnostic]()
    attempted: set[object] = set()
    diagnostics = diagnose(data).sorted()
    while fixable := next(
        (
            diagnostic
            for diagnostic in diagnostics
            if diagnostic.fix and (data, diagnostic) not in attempted
        ),
        None,
    ):
        assert fixable.fix is not None
        attempted.add((data, fixable))
        changed = edited(data, fixable.fix)
        after = diagnose(changed).sorted()
        if _better(diagnostics, after, fixable):
            data, diagnostics = changed, after
            corrected.append(fixable)
    if not _only_corrections(original, data, len(corrected)):
        raise RuntimeError("a correction has changed more than its place; nothing was written")
    return Fixed(data, tuple(corrected))


def _only_corrections(before: bytes, after: bytes, count: int) -> bool:
    """Whether the round trips of two files through ruamel.yaml differ only in the corrected lines."""
    if before == after:
        return True
    old, new = (lines(_round_trip(data)) for data in (before, after))
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    changed = sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in steps if tag != "equal")
    return changed <= count + max(0, _count(before) - _count(after))


def _count(data: bytes) -> int:
    return len(lines(data.decode("utf-8-sig")))


def _round_trip(data: bytes) -> str:
    from ruamel.yaml import YAML

    yaml, written = YAML(), StringIO()
    yaml.allow_duplicate_keys = True
    yaml.preserve_quotes = True
    yaml.width = len(data)
    # ruamel.yaml follows YAML 1.2, which has fewer line ends.
    yaml.dump(yaml.load("\n".join(lines(data.decode("utf-8-sig")))), written)
    return written.getvalue()


def _better(before: list[Diagnostic], after: list[Diagnostic], corrected: Diagnostic) -> bool:
    """Whether the diagnostic is gone, and each new error at its place has a correction too.

    New errors at other places do not count: the mistake had hidden them. Lines may have moved, so
    diagnostics are compared by code and message.
    """
    old, new = Counter(map(_identity, before)), Counter(map(_identity, after))
    worse = [
        diagnostic
        for diagnostic in errors(after)
        if _identity(diagnostic) in new - old and diagnostic.fix is None
    ]
    return new[_identity(corrected)] < old[_identity(corrected)] and not any(
        _concerns(diagnostic, corrected) for diagnostic in worse
    )


def _identity(diagnostic: Diagnostic) -> tuple[str, str]:
    return (diagnostic.code, diagnostic.message)


def _concerns(diagnostic: Diagnostic, corrected: Diagnostic) -> bool:
    """Whether a diagnostic is about the corrected place, or about the whole file."""
    if diagnostic.code == "invalid-yaml":
        return True
    if diagnostic.code in ("duplicate-key", "duplicate-name"):
        # The later one of the two is reported, which can be the one that was there.
        return corrected.fix is not None and f"`{corrected.fix.text}`" in diagnostic.message
    renamed = (*corrected.path[:-1], corrected.fix.text if corrected.fix else None)
    # Correcting an instance's name reveals the instance's other mistakes: they do not count.
    return any(len(at) > 3 and diagnostic.path[: len(at)] == at for at in (corrected.path, renamed))


def replace(path: Path, data: bytes) -> None:
    """Replace a file in one step: readers see the old contents or the new ones."""
    real = located(path)
    with open_folder(real.parent) as folder:
        folder.replace(real.name, data)
