"""The provider `local`: random values in a git-ignored kustomization, for kind and k3s.

`secrets/<environment>/` holds one file for each Secret in each namespace that reads it, and makes
the namespaces too, so that `kubectl apply -k` works on an empty cluster. Values once made are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml as pyyaml

from compiler.kube import yaml
from compiler.model.credential import Credential, Random
from compiler.secrets.folder import Generated, kustomization, made, replace_file
from compiler.secrets.secret import secret
from compiler.secrets.values import make

Values = dict[tuple[str, str], str]  # Secret, key


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
            text = yaml.dump(secret(credential, namespace, values))
            files[f"secret-{namespace}-{credential.name}.yaml"] = text
    _private(folder)
    files["kustomization.yaml"] = kustomization(environment, files)
    for name, text in sorted(files.items()):
        replace_file(folder / name, text, 0o600)
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
            found: Any = pyyaml.safe_load(path.read_text())
            name, data = found["metadata"]["name"], found["stringData"]
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


def _private(folder: Path) -> None:
    """The folder, for its owner alone, and out of Git's sight."""
    made(folder)
    folder.chmod(0o700)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
