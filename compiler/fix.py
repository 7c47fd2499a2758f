"""Corrections that need no judgement: a key, a word, a name or an amount that can only mean one other.

An edit replaces the text at one place and leaves every other byte as it is: blank lines, flow maps, line
ends. It is kept where it takes the finding away and brings none that only a person can settle. Written
back by ruamel.yaml the whole file would be laid out anew; but what ruamel reads and writes of the file
before and after, comments included, must differ in the corrected lines alone, or nothing is written.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path

from msgspec import Struct

from compiler.diagnostics import Diagnostic, Fix, Report, errors

Diagnose = Callable[[bytes], Report]
_BOM = b"\xef\xbb\xbf"


class Fixed(Struct, frozen=True):
    """A spec after its corrections, and the findings that they took away."""

    data: bytes
    corrected: tuple[Diagnostic, ...] = ()


def fixed(data: bytes, diagnose: Diagnose) -> Fixed:
    """Correct what can be, one by one: a mistake can hide another."""
    original, corrected = data, list[Diagnostic]()
    tried: set[object] = set()
    found = diagnose(data).sorted()
    while one := next((one for one in found if one.fix and _mark(one) not in tried), None):
        assert one.fix is not None
        tried.add(_mark(one))
        changed = edited(data, one.fix)
        after = diagnose(changed).sorted()
        if _better(found, after, one):
            data, found = changed, after
            corrected.append(one)
    if not _spared(original, data, len(corrected)):
        raise RuntimeError("a correction has changed more than its place; nothing was written")
    return Fixed(data, tuple(corrected))


def _spared(before: bytes, after: bytes, count: int) -> bool:
    """Whether two files, each taken round by ruamel, differ in so many lines at the most."""
    if before == after:
        return True
    old, new = (_round_trip(data).split("\n") for data in (before, after))
    different = sum(one != other for one, other in zip(old, new, strict=False))
    return len(old) == len(new) and different <= count


def _round_trip(data: bytes) -> str:
    from ruamel.yaml import YAML

    yaml, written = YAML(), StringIO()
    yaml.allow_duplicate_keys = True
    yaml.preserve_quotes = True
    yaml.width = len(data)
    yaml.dump(yaml.load(data.decode("utf-8-sig")), written)
    return written.getvalue()


def _mark(found: Diagnostic) -> object:
    """What a finding is known by, whatever else is corrected in its line."""
    return (found.code, found.message, found.span and found.span.line)


def _better(before: list[Diagnostic], after: list[Diagnostic], one: Diagnostic) -> bool:
    """Whether a finding is gone, and what is now said of its place can be corrected as well.

    Elsewhere, more may come to light.
    """
    known = {_mark(found) for found in before}
    new = [found for found in errors(after) if _mark(found) not in known and found.fix is None]
    return _mark(one) not in map(_mark, after) and not any(_about(found, one) for found in new)


def _about(found: Diagnostic, one: Diagnostic) -> bool:
    """Whether a finding is about the very place that was corrected."""
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


def edited(data: bytes, fix: Fix) -> bytes:
    """The bytes of a spec with one edit made."""
    bom = _BOM if data.startswith(_BOM) else b""
    lines = data[len(bom) :].decode().split("\n")
    span = fix.span
    line = lines[span.line - 1]
    start, end = span.column - 1, span.end_column - 1
    old = line[start:end]
    lines[span.line - 1] = line[:start] + fix.replacement(old) + line[end:]
    return bom + "\n".join(lines).encode()
