"""Read the files of certificates that the spec names in its folder.

They are input of a compile like the spec, so they are read before it: every word of the spec that
looks like the path of such a file, in any field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from compiler.files.errors import sentence
from compiler.files.named import open_folder

_PART = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_ENDINGS = (b".pem", b".crt")
PATTERN = rf"{_PART}(/{_PART})*\.(pem|crt)"
_WORD = re.compile(rb"[A-Za-z0-9_./-]+")
_NAMED = re.compile(PATTERN.encode())
MOST_FILES = 100
MOST_BYTES = 2**18  # the most bytes of one file: a system's whole list of authorities has 220 KiB


class NamedFile(NamedTuple):
    """The bytes of a file, or the reason why it cannot be read."""

    data: bytes = b""
    problem: str = ""


Files = Mapping[str, NamedFile]


def named_in(spec: bytes) -> list[str]:
    """The paths in a spec's text that may name a file."""
    if not any(ending in spec for ending in _ENDINGS):  # most specs name no file
        return []
    words = set(_WORD.findall(spec))
    return sorted(word.decode() for word in words if _NAMED.fullmatch(word))[:MOST_FILES]


def read(spec: bytes, folder: Path) -> Files:
    """The files that a spec names in its folder. Links are not followed."""
    paths = named_in(spec)
    if not paths:
        return {}
    files: dict[str, NamedFile] = {}
    with open_folder(folder) as opened:
        for path in paths:
            try:
                files[path] = NamedFile(opened.read(path, MOST_BYTES))
            except (FileNotFoundError, NotADirectoryError):
                files[path] = NamedFile(problem=f"there is no file `{path}` next to the spec")
            except OSError as error:
                files[path] = NamedFile(problem=sentence(error))
    return files


def digestible(spec: bytes, folder: Path) -> bytes:
    """The named files and their contents as bytes, for a fingerprint of the input."""
    return repr(sorted(read(spec, folder).items())).encode()
