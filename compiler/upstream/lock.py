"""Read and write `platform.lock`, with the hashes of images and releases, and the versions of models.

The spec names the images and releases by version, and the models by alias. The lock is committed with the
spec. An image has the digest that a registry reported; a release has the
SHA-256 of each fetched file and of each written one; a model has the version that the registry reported, by environment. Only the
commands for it change the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from compiler.files import next_to_spec, open_folder, read_named
from compiler.files.next_to_spec import Files

if TYPE_CHECKING:
    from compiler.spec.locked_model import LockedModel

NAME = "platform.lock"
_EMPTY: Mapping[str, Any] = MappingProxyType({})
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_KEYS = {"images", "models", "operators", "written"}
_HEADER = "# Written by platformc (`images --pin`, `models lock`, `vendor`); commit it.\n"


class BrokenLockError(Exception):
    """The lock file was not written by platformc."""


class Lock(NamedTuple):  # and no Struct: a compile looks for a lock before it imports msgspec
    """Digests by image, digests by address for each vendored system, and models by environment.

    `written` are the digests of the files of the vendored systems, by path. `files` are the files that the spec names: they are committed, so they need no digest.
    """

    images: Mapping[str, str] = _EMPTY
    operators: Mapping[str, Mapping[str, str]] = _EMPTY
    models: Mapping[str, Mapping[str, LockedModel]] = _EMPTY
    written: Mapping[str, str] = _EMPTY
    files: Files = _EMPTY


def path_of(spec: Path) -> Path:
    return spec.parent / NAME


def data_of(spec: Path) -> bytes:
    """The lock's bytes; empty if there is no lock."""
    try:
        return read_named(path_of(spec))
    except FileNotFoundError:
        return b""


def read(spec: Path, text: bytes | None = None) -> Lock:
    """The lock of a spec, and the files that its text names; an empty one if there is no file.

    Only a spec with a file may leave out `text`: one from the standard input can be read once.
    """
    lock = written(spec)
    return lock._replace(
        files=next_to_spec.read(read_named(spec) if text is None else text, spec.parent)
    )


def written(spec: Path) -> Lock:
    """What the lock file of a spec holds, without the files that the spec names."""
    return parse(data_of(spec), str(path_of(spec)))


def parse(data: bytes, name: str) -> Lock:
    """Parse a lock's text; `name` appears in errors."""
    if not data:
        return Lock()
    from compiler.document.other_files import FileContentError, document

    try:
        content = document(data)
    except FileContentError as error:
        raise BrokenLockError(f"{name} {error}; platformc writes no such file") from error
    if content is None:  # nothing but the comment: no registry answered
        return Lock()
    if not isinstance(content, dict) or not content.keys() <= _KEYS:
        raise BrokenLockError(
            f"{name} holds something else than `images`, `models`, `operators` and `written`"
        )
    images, operators = content.get("images") or {}, content.get("operators") or {}
    by_name = isinstance(operators, dict) and all(map(_digests, operators.values()))
    written = content.get("written") or {}
    if not _digests(images) or not _digests(written) or not by_name:
        raise BrokenLockError(f"{name} holds something else than digests (`sha256:` and 64 digits)")
    return Lock(images, operators, _models(content.get("models"), name), written)


def _models(content: object, name: str) -> Mapping[str, Mapping[str, LockedModel]]:
    """The locked models of each environment, validated as a section of the spec is."""
    if content is None:
        return _EMPTY
    from pydantic import ValidationError

    from compiler.spec.locked_model import LockedEnvironments

    try:
        return LockedEnvironments.model_validate({"models": content}).models
    except ValidationError as error:
        location = ".".join(map(str, error.errors()[0]["loc"]))
        message = (
            f"{name} holds something at `{location}` that `platformc models lock` does not write"
        )
        raise BrokenLockError(message) from error


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
    if lock.models:
        content["models"] = {
            environment: {model: entry.written() for model, entry in sorted(entries.items())}
            for environment, entries in sorted(lock.models.items())
            if entries
        }
    if lock.written:
        content["written"] = dict(sorted(lock.written.items()))
    with open_folder(spec.parent) as folder:
        folder.replace(NAME, (_HEADER + yaml.dump(content)).encode())
