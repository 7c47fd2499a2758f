"""`secrets/<environment>/`: functions of all providers that write files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from compiler.kube import yaml
from compiler.kube.kustomize import KUSTOMIZATION


class Generated(Struct, frozen=True):
    """The names of generated, kept and rotated credentials; never values."""

    folder: Path
    made: tuple[str, ...]
    kept: tuple[str, ...]
    rotated: tuple[str, ...]


def place(environment: str) -> str:
    """Where the Secrets of an environment are, below the spec's folder."""
    return f"secrets/{environment}"


def kustomization(environment: str, files: Iterable[str]) -> str:
    """A separate kustomize root, which also creates the namespaces."""
    namespaces = f"../../overlays/{environment}/namespaces"
    return yaml.dump({**KUSTOMIZATION, "resources": [namespaces, *sorted(files)]})
