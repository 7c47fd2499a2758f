"""Find out whether there is anything to do, before the compiler is imported.

A note in the user's cache holds a fingerprint of the last compile's input (the spec's bytes; the
sizes of the compiler's own files and the times of their last change, which nobody can set back) and
of the list of files that it wrote. If the fingerprint is the same, every file on disk has its listed
digest, and no other file is there, then another compile would change nothing. There is no note for a
spec with components of other packages.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from compiler.files import Folder, open_folder, packaged_files, packaged_time
from compiler.write import JOURNAL, SUMS
from compiler.write.output_paths import digests_on_disk, strays
from compiler.write.state import state_of

_NOTE = "up-to-date"
_COMPILER = Path(__file__).parent.parent
_LIBRARIES = (
    "msgspec",
    "pydantic",
    "pydantic_core",
    "yaml",
    "jinja2",
    "jsonpatch",
    "jsonschema_rs",
)
# A file that changed after this time may have been imported in its old form: the process is a bit older than
# this module, and a file system's clock may be late.
_BEGUN = time.time_ns() - 10**8


def fingerprint(inputs: Sequence[bytes], options: Sequence[str]) -> str:
    """The fingerprint of the whole input: spec, lock, options, the compiler and its libraries.

    It is empty while the compiler is being replaced, because the imported version is unknown.
    """
    parts = [*inputs, repr((sorted(options), sys.version_info[:2])).encode()]
    for path, size, changed in packaged_files(_COMPILER, (".py", ".j2", ".json")):
        if changed > _BEGUN:
            return ""
        parts.append(f"{path} {size} {changed}".encode())
    for library in _LIBRARIES:
        module_spec = find_spec(library)
        origin = module_spec.origin if module_spec and module_spec.origin else ""
        parts.append(f"{origin} {packaged_time(origin) if origin else 0}".encode())
    # The lengths are part of it, so that bytes that move from one input to the next change it.
    return _digest(b"".join(b"%d:%b" % (len(part), part) for part in parts))


def last_output(root: Path, current: Callable[[], str]) -> str | None:
    """The messages of the last compile, if its input is the same and its output is unchanged."""
    state = state_of(root)
    if state is None:
        return None
    with state:
        try:
            note = (state.read_if_there(_NOTE) or b"").decode()
            earlier, sums, output = note.split("\n", 2)
            if earlier != current() or state.status(JOURNAL) is not None:
                return None
            with open_folder(root) as folder:
                listed = folder.read(SUMS)
                untouched = _digest(listed) == sums and _untouched(folder, listed.decode())
        except (OSError, ValueError):
            return None
    return output if untouched else None


def _untouched(root: Folder, listed: str) -> bool:
    """Whether every file of the compiler has its listed digest, and no foreign file is there."""
    digests = [line.split("  ", 1) for line in listed.splitlines() if not line.startswith("#")]
    paths = [path for _, path in digests]
    digest_pairs = zip(digests, digests_on_disk(root, paths), strict=True)
    return all(digest == current for (digest, _), current in digest_pairs) and not any(
        strays(paths, root)
    )


def remember(root: Path, fingerprint: str, output: str) -> None:
    """Record a finished compile and its warnings. Losing the record only costs a compile."""
    state = state_of(root) if fingerprint else None
    if state is None:
        return
    with state, open_folder(root) as folder:
        sums = _digest(folder.read(SUMS))
        state.replace(_NOTE, f"{fingerprint}\n{sums}\n{output}".encode(), 0o600)


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()
