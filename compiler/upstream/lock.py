"""`platform.lock`: content hashes of images and releases that the spec names by version.

It is committed with the spec. An image has the digest that a registry reported; a release has the
SHA-256 of each fetched file. Only the commands for it change the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from compiler.files import given, held

NAME = "platform.lock"
_NONE: Mapping[str, Any] = MappingProxyType({})
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HEADER = "# Written by platformc (`images --pin`, `vendor`); commit it.\n"


class BrokenLockError(Exception):
    """The lock file was not written by platformc."""


class Lock(NamedTuple):  # and no Struct: a compile looks for a lock before it imports msgspec
    """Digests by image, and digests by address for each vendored system."""

    images: Mapping[str, str] = _NONE
    operators: Mapping[str, Mapping[str, str]] = _NONE


def path_of(spec: Path) -> Path:
    return spec.parent / NAME


def data_of(spec: Path) -> bytes:
    """The lock's bytes; empty if there is no lock."""
    try:
        return given(path_of(spec))
    except FileNotFoundError:
        return b""


def read(spec: Path) -> Lock:
    """The lock of a spec; an empty one if there is no file."""
    return parse(data_of(spec), str(path_of(spec)))


def parse(data: bytes, name: str) -> Lock:
    """Parse a lock's text; `name` appears in errors."""
    if not data:
        return Lock()
    import yaml

    try:
        content = yaml.safe_load(data)
    except (yaml.YAMLError, RecursionError, UnicodeDecodeError) as error:
        raise BrokenLockError(f"{name} is not YAML as platformc writes it") from error
    if content is None:  # nothing but the comment: no registry answered
        return Lock()
    if not isinstance(content, dict) or not content.keys() <= {"images", "operators"}:
        raise BrokenLockError(f"{name} holds something else than `images` and `operators`")
    images, operators = content.get("images") or {}, content.get("operators") or {}
    by_name = isinstance(operators, dict) and all(map(_digests, operators.values()))
    if not _digests(images) or not by_name:
        raise BrokenLockError(f"{name} holds something else than digests (`sha256:` and 64 digits)")
    return Lock(images, operators)


def _digests(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(key, str) and isinstance(digest, str) and _DIGEST.fullmatch(digest)
        for key, digest in value.items()
    )


def write(spec: Path, lock: Lock) -> None:
    """Replace the lock of a spec."""
    from compiler.kube import yaml

    content: dict[str, object] = {}
    if lock.images:
        content["images"] = dict(sorted(lock.images.items()))
    if lock.operators:
        content["operators"] = {
            name: dict(sorted(files.items())) for name, files in sorted(lock.operators.items())
        }
    with held(spec.parent) as folder:
        folder.replace(NAME, (_HEADER + yaml.dump(content)).encode())
