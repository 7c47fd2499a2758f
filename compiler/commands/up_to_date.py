"""Whether there is anything to do: known from content alone, before the compiler is imported.

`.platformc/fresh` holds a fingerprint of the last compile's input (the spec's
bytes, the compiler's own files) and of the list of what it wrote. Where all of it still holds, and
every file on disk has the digest listed, compiling again would change nothing.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

_FILE = Path(".platformc", "fresh")
_SUMS = "platformc.sum"
_HERE = Path(__file__).parent.parent
_LIBRARIES = ("msgspec", "pydantic", "yaml", "jinja2")
# What was replaced since was perhaps imported before: the process is somewhat older than this module,
# and a file system's clock somewhat behind.
_BEGUN = time.time_ns() - 10**8


def fingerprint(data: bytes, options: Sequence[str]) -> str:
    """What the output follows from: the spec, the options, the compiler and its libraries.

    Empty where the compiler is being replaced: it is unknown what of it has been imported.
    """
    content = [data, repr((sorted(options), sys.version_info[:2])).encode()]
    for folder, folders, names in os.walk(_HERE):
        folders[:] = sorted(name for name in folders if name not in ("__pycache__", "schemas"))
        for name in sorted(names):
            if name.endswith((".py", ".j2")):
                path = os.path.join(folder, name)
                content += (os.path.relpath(path, _HERE).encode(), _read(path))
                if os.stat(path).st_ctime_ns > _BEGUN:
                    return ""
    for library in _LIBRARIES:
        found = find_spec(library)
        when = os.stat(found.origin).st_mtime_ns if found and found.origin else 0
        content.append(str(when).encode())
    return _digest(b"".join(content))


def last_output(root: Path, current: Callable[[], str]) -> str | None:
    """The messages of the last compile, where it had this input and its output is untouched."""
    state = root / ".platformc"
    try:
        known, sums, output = (root / _FILE).read_text(encoding="utf-8").split("\n", 2)
        listed = _read(root / _SUMS)
    except (OSError, ValueError):
        return None
    if known != current() or _digest(listed) != sums:
        return None
    if (state / "journal.json").exists() or (state / "stage").exists():
        return None
    return output if _untouched(root, listed.decode()) else None


def _untouched(root: Path, listed: str) -> bool:
    """Whether every file of ours has the digest that is listed for it."""
    base = os.fspath(root)
    try:
        for line in listed.splitlines():
            digest, path = line.split("  ", 1)
            if _digest(_read(f"{base}/{path}")) != digest:
                return False
    except (OSError, ValueError):
        return False
    return True


def remember(root: Path, fingerprint: str, output: str) -> None:
    """Note a finished compile and its warnings. Losing the note costs a compile, nothing else."""
    if not fingerprint:
        return
    sums = _digest(_read(root / _SUMS))
    (root / _FILE).write_text(f"{fingerprint}\n{sums}\n{output}", encoding="utf-8")


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def _read(path: str | Path) -> bytes:
    with open(path, "rb") as file:
        return file.read()
