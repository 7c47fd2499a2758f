"""Corrections that need no judgement: what can only mean one other, must be there, or says nothing.

An edit replaces the text at one place and leaves every other byte as it is: blank lines, flow maps, line
ends. It is kept where it takes the finding away and brings none that only a person can settle. Written
back by ruamel.yaml the whole file would be laid out anew; but what ruamel reads and writes of the file
before and after, comments included, must differ in the corrected lines alone, or nothing is written.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from difflib import SequenceMatcher
from io import StringIO
from pathlib import Path

from msgspec import Struct

from compiler.diagnostics import Diagnostic, Report, errors
from compiler.fix.edit import edited

Diagnose = Callable[[bytes], Report]


class Fixed(Struct, frozen=True):
    """A spec after its corrections, and the findings that they took away."""

    data: bytes
    corrected: tuple[Diagnostic, ...] = ()


def fixed(data: bytes, diagnose: Diagnose) -> Fixed:
    """Correct what can be, one by one: a mistake can hide another."""
    original, corrected = data, list[Diagnostic]()
    tried: set[object] = set()
    found = diagnose(data).sorted()
    while one := next((one for one in found if one.fix and (data, one) not in tried), None):
        assert one.fix is not None
        tried.add((data, one))
        changed = edited(data, one.fix)
        after = diagnose(changed).sorted()
        if _better(found, after, one):
            data, found = changed, after
            corrected.append(one)
    if not _spared(original, data, len(corrected)):
        raise RuntimeError("a correction has changed more than its place; nothing was written")
    return Fixed(data, tuple(corrected))


def _spared(before: bytes, after: bytes, count: int) -> bool:
    """Whether two files, each taken round by ruamel, differ in the corrected lines alone."""
    if before == after:
        return True
    old, new = (_round_trip(data).split("\n") for data in (before, after))
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    changed = sum(max(i2 - i1, j2 - j1) for what, i1, i2, j1, j2 in steps if what != "equal")
    return changed <= count + max(0, before.count(b"\n") - after.count(b"\n"))


def _round_trip(data: bytes) -> str:
    from ruamel.yaml import YAML

    yaml, written = YAML(), StringIO()
    yaml.allow_duplicate_keys = True
    yaml.preserve_quotes = True
    yaml.width = len(data)
    yaml.dump(yaml.load(data.decode("utf-8-sig")), written)
    return written.getvalue()


def _better(before: list[Diagnostic], after: list[Diagnostic], one: Diagnostic) -> bool:
    """Whether a finding is gone, and what is now said of its place can be corrected as well.

    Elsewhere, more may come to light. Lines may have moved, so findings are told by what they say.
    """
    old, new = Counter(map(_says, before)), Counter(map(_says, after))
    worse = [found for found in errors(after) if _says(found) in new - old and found.fix is None]
    return new[_says(one)] < old[_says(one)] and not any(_about(found, one) for found in worse)


def _says(found: Diagnostic) -> tuple[str, str]:
    return (found.code, found.message)


def _about(found: Diagnostic, one: Diagnostic) -> bool:
    """Whether a finding is about the very place that was corrected, or about the whole file."""
    if found.code == "invalid-yaml":
        return True
    if found.code in ("duplicate-key", "duplicate-name"):
        return found.span is not None and found.span.line == (one.span and one.span.line)
    renamed = (*one.path[:-1], one.fix.text if one.fix else None)
    # Of a whole instance, which its right name lets in, there is much that can be said.
    return any(len(at) > 3 and found.path[: len(at)] == at for at in (one.path, renamed))


def replace(path: Path, data: bytes) -> None:
    """Write a file in one step; whoever reads it sees the old one or the new one."""
    whole = path.resolve()
    beside = whole.with_name(f".{whole.name}.new")
    beside.write_bytes(data)
    shutil.copymode(whole, beside)
    beside.replace(whole)
