"""The provider `local`: random values in a git-ignored kustomization, for kind and k3s.

`secrets/<environment>/` holds one file for each Secret in each namespace that reads it, and makes
the namespaces too, so that `kubectl apply -k` works on an empty cluster. Values once made are kept.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml as pyyaml

from compiler.kube import yaml
from compiler.model.credential import Credential, Random
from compiler.secrets.values import make

Values = dict[tuple[str, str], str]  # Secret, key


@dataclass(frozen=True, slots=True)
class Generated:
    """What `generate` did, by name and never by value."""

    folder: Path
    made: tuple[str, ...]
    kept: tuple[str, ...]
    rotated: tuple[str, ...]


class UnreadableSecretError(Exception):
    """A file in `secrets/` is not what was written there; nothing is overwritten."""


def generate(
    credentials: Iterable[Credential], environment: str, root: Path, rotate: Iterable[str] = ()
) -> Generated:
    """Write every Secret of an environment that is not there yet; make those in `rotate` anew."""
    folder = root / "secrets" / environment
    known = _known(folder)
    rotate = set(rotate)
    wanted = list(credentials)
    files: dict[str, str] = {}
    for credential in wanted:
        values = _values(credential, known, fresh=credential.name in rotate)
        for namespace in credential.namespaces:
            text = _secret(credential, namespace, values)
            files[f"secret-{namespace}-{credential.name}.yaml"] = text
    _private(folder)
    for name, text in sorted(files.items()):
        _write(folder / name, text)
    _write(folder / "kustomization.yaml", _kustomization(environment, files))
    present = {name for name, _ in known}
    names = {credential.name for credential in wanted}
    return Generated(
        folder,
        made=tuple(sorted(names - present)),
        kept=tuple(sorted((names & present) - rotate)),
        rotated=tuple(sorted(names & present & rotate)),
    )


def _known(folder: Path) -> Values:
    """The values that exist, from any copy of each Secret."""
    values: Values = {}
    for path in sorted(folder.glob("secret-*.yaml")):
        try:
            secret: Any = pyyaml.safe_load(path.read_text())
            name, data = secret["metadata"]["name"], secret["stringData"]
            values |= {(name, str(key)): str(value) for key, value in data.items()}
        except (pyyaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            message = (
                f"{path} is not a Secret as `secrets generate` writes it; restore or remove it"
            )
            raise UnreadableSecretError(message) from error
    return values


def _values(credential: Credential, known: Values, *, fresh: bool) -> dict[str, str]:
    values: dict[str, str] = {}
    for key, kind in credential.keys.items():
        old = known.get((credential.name, key))
        if not isinstance(kind, Random):
            values[key] = old if old is not None else kind
        else:
            values[key] = make(kind) if fresh or old is None else old
    return values


def _secret(credential: Credential, namespace: str, values: Mapping[str, str]) -> str:
    labels = {"app.kubernetes.io/managed-by": "platformc", **credential.labels}
    return yaml.dump(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": credential.name,
                "namespace": namespace,
                "labels": dict(sorted(labels.items())),
            },
            "type": credential.type,
            "stringData": dict(sorted(values.items())),
        }
    )


def _kustomization(environment: str, files: Iterable[str]) -> str:
    namespaces = f"../../overlays/{environment}/namespaces"
    return yaml.dump(
        {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [namespaces, *sorted(files)],
        }
    )


def _private(folder: Path) -> None:
    """The folder, for its owner alone, and out of Git's sight."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    ignore = folder.parent / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")


def _write(path: Path, text: str) -> None:
    """Replace a file whole, readable by its owner alone from its first byte on."""
    prepared = path.with_name(f".{path.name}.new")
    prepared.unlink(missing_ok=True)
    with open(os.open(prepared, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    prepared.replace(path)
