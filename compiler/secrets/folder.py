"""`secrets/<environment>/`: what all providers that write files have in common."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from compiler.kube import yaml
from compiler.kube.kustomize import KUSTOMIZATION


class Generated(Struct, frozen=True):
    """What `generate` did, by name and never by value."""

    folder: Path
    made: tuple[str, ...]
    kept: tuple[str, ...]
    rotated: tuple[str, ...]


def made(folder: Path) -> Path:
    """The folder, which must lie where it seems to: a link could lead values out of the tree."""
    for one in (folder.parent, folder):
        if one.is_symlink():
            raise OSError(f"{one} is a symbolic link; platformc does not follow it")
        one.mkdir(parents=True, exist_ok=True)
    return folder


def kustomization(environment: str, files: Iterable[str]) -> str:
    """A root of its own, which makes the namespaces too."""
    namespaces = f"../../overlays/{environment}/namespaces"
    return yaml.dump({**KUSTOMIZATION, "resources": [namespaces, *sorted(files)]})


def replace_file(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace a file whole; its mode holds from its first byte on."""
    prepared = path.with_name(f".{path.name}.new")
    prepared.unlink(missing_ok=True)
    with open(os.open(prepared, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
    prepared.replace(path)
