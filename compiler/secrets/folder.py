"""Lay out `secrets/<environment>/` for all providers that write files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from compiler.files import open_folder
from compiler.kube import yaml
from compiler.kube.kustomize import KUSTOMIZATION
from compiler.model.credential import Credential


class Generated(Struct, frozen=True):
    """The names of generated, kept and rotated credentials; never values."""

    folder: Path
    created: tuple[str, ...]
    unchanged: tuple[str, ...]
    rotated: tuple[str, ...]


def folder_of(environment: str) -> str:
    """The folder of an environment's Secrets, below the spec's folder."""
    return f"secrets/{environment}"


def kustomization(environment: str, files: Iterable[str]) -> str:
    """A separate kustomize root, which also creates the namespaces."""
    namespaces = f"../../overlays/{environment}/namespaces"
    return yaml.dump({**KUSTOMIZATION, "resources": [namespaces, *sorted(files)]})


def missing(credentials: Iterable[Credential], environment: str, root: Path) -> list[Credential]:
    """The credentials that have no file in an environment's folder, encrypted or not."""
    with open_folder(root) as output:
        names = set(output.names(folder_of(environment)))
    return [credential for credential in credentials if not names & set(_file_names(credential))]


def _file_names(credential: Credential) -> Iterator[str]:
    """The names of a credential's files, by every provider that writes files."""
    for namespace in credential.namespaces:
        stem = f"secret-{namespace}-{credential.name}"
        yield from (f"{stem}.yaml", f"{stem}.sops.yaml", f"sealed{stem}.yaml")
