"""`platform.lock`: content hashes of images and releases that the spec names by version.

It is committed with the spec. An image has the digest that a registry reported; a release has the
SHA-256 of each fetched file. Only the commands for it change the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

NAME = "platform.lock"
_NONE: Mapping[str, Any] = MappingProxyType({})
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
        return path_of(spec).read_bytes()
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
    except yaml.YAMLError as error:
        raise BrokenLockError(f"{name} is not YAML") from error
    if content is None:  # only the comment: no registry answered
        return Lock()
    if not isinstance(content, dict) or not content.keys() <= {"images", "operators"}:
        raise BrokenLockError(f"{name} holds something else than `images` and `operators`")
    images, operators = content.get("images") or {}, content.get("operators") or {}
    if not _texts(images) or not all(_texts(files) for files in operators.values()):
        raise BrokenLockError(f"{name} holds something else than digests")
    return Lock(images, operators)


def _texts(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(key, str) and isinstance(digest, str) and digest.startswith("sha256:")
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
    target = path_of(spec)
    prepared = target.with_name(f".{NAME}.new")
    prepared.write_text(_HEADER + yaml.dump(content), encoding="utf-8")
    prepared.replace(target)
