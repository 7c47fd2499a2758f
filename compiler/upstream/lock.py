"""`platform.lock`: what the spec names by version, pinned by content. Committed beside the spec.

Images stand with the digest that a registry once answered; upstream releases with the SHA-256 of
each file that was fetched. It changes only when a command is told to change it.
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
    """The lock file is not what platformc wrote."""


class Lock(NamedTuple):  # and no Struct: a compile looks for a lock before it imports msgspec
    """Digests by image, and digests by address for each vendored system."""

    images: Mapping[str, str] = _NONE
    operators: Mapping[str, Mapping[str, str]] = _NONE


def path_of(spec: Path) -> Path:
    return spec.parent / NAME


def data_of(spec: Path) -> bytes:
    """The lock's bytes; none where there is no lock."""
    try:
        return path_of(spec).read_bytes()
    except FileNotFoundError:
        return b""


def read(spec: Path) -> Lock:
    """The lock beside a spec; an empty one where there is none."""
    return parse(data_of(spec), str(path_of(spec)))


def parse(data: bytes, name: str) -> Lock:
    """A lock's text; `name` is what to call it in an error."""
    if not data:
        return Lock()
    import yaml

    try:
        found = yaml.safe_load(data)
    except yaml.YAMLError as error:
        raise BrokenLockError(f"{name} is not YAML") from error
    if found is None:  # nothing but the comment: no registry answered
        return Lock()
    if not isinstance(found, dict) or not found.keys() <= {"images", "operators"}:
        raise BrokenLockError(f"{name} holds something else than `images` and `operators`")
    images, operators = found.get("images") or {}, found.get("operators") or {}
    if not _texts(images) or not all(_texts(one) for one in operators.values()):
        raise BrokenLockError(f"{name} holds something else than digests")
    return Lock(images, operators)


def _texts(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(key, str) and isinstance(digest, str) and digest.startswith("sha256:")
        for key, digest in value.items()
    )


def write(spec: Path, lock: Lock) -> None:
    """Replace the lock beside a spec."""
    from compiler.kube import yaml

    made: dict[str, object] = {}
    if lock.images:
        made["images"] = dict(sorted(lock.images.items()))
    if lock.operators:
        made["operators"] = {
            name: dict(sorted(files.items())) for name, files in sorted(lock.operators.items())
        }
    target = path_of(spec)
    prepared = target.with_name(f".{NAME}.new")
    prepared.write_text(_HEADER + yaml.dump(made), encoding="utf-8")
    prepared.replace(target)
