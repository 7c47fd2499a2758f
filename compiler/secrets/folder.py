"""`secrets/<environment>/`: what all providers that write files have in common."""

from __future__ import annotations

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


def place(environment: str) -> str:
    """Where the Secrets of an environment are, below the spec's folder."""
    return f"secrets/{environment}"


def kustomization(environment: str, files: Iterable[str]) -> str:
    """A root of its own, which makes the namespaces too."""
    namespaces = f"../../overlays/{environment}/namespaces"
    return yaml.dump({**KUSTOMIZATION, "resources": [namespaces, *sorted(files)]})
