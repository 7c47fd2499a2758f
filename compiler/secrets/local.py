"""Generate the Secrets of the provider `local`: random values in a git-ignored folder, for kind and k3s.

`secrets/<environment>/` holds one file for each Secret in each namespace that reads it, and the
namespaces as well, so that `kubectl apply -k` works on an empty cluster. Existing values are kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from compiler.document.other_files import FileContentError, document
from compiler.files import Folder, open_folder
from compiler.kube import yaml
from compiler.model.credential import Credential, Random
from compiler.secrets.folder import Generated, folder_of, kustomization
from compiler.secrets.secret import secret
from compiler.secrets.values import make

Values = dict[tuple[str, str], str]  # Secret, key


class UnreadableSecretError(Exception):
    """A file in `secrets/` was changed; nothing is overwritten."""


def generate(
    credentials: Iterable[Credential], environment: str, root: Path, rotate: Iterable[str] = ()
) -> Generated:
    """Write every missing Secret of an environment, and generate the Secrets in `rotate` again."""
    listed, rotate = list(credentials), set(rotate)
    folder = folder_of(environment)
    with open_folder(root, 0o755) as output:
        existing = _existing(output, folder)
        files = dict(_files(listed, existing, rotate))
        files["kustomization.yaml"] = kustomization(environment, files)
        _make_private(output, folder)
        for name, text in sorted(files.items()):
            output.replace(f"{folder}/{name}", text.encode(), 0o600)
    present = {name for name, _ in existing}
    names = {credential.name for credential in listed}
    return Generated(
        root / folder,
        created=tuple(sorted(names - present)),
        unchanged=tuple(sorted((names & present) - rotate)),
        rotated=tuple(sorted(names & present & rotate)),
    )


def _files(
    credentials: Iterable[Credential], existing: Values, rotate: Collection[str]
) -> Iterator[tuple[str, str]]:
    for credential in credentials:
        values = _values(credential, existing, fresh=credential.name in rotate)
        for namespace in credential.namespaces:
            text = yaml.dump(secret(credential, namespace, values))
            yield f"secret-{namespace}-{credential.name}.yaml", text


def _existing(output: Folder, folder: str) -> Values:
    """The existing values, from any copy of each Secret."""
    values: Values = {}
    for name in output.names(folder):
        if not (name.startswith("secret-") and name.endswith(".yaml")):
            continue
        path = f"{folder}/{name}"
        if not output.is_private(path):
            raise UnreadableSecretError(
                f"{output.path / path} can be read or written by others, so `secrets generate` did "
                "not write it; remove it, or `chmod 600` it where its values are yours"
            )
        values |= _read(output, path)
    return values


def _read(output: Folder, path: str) -> Values:
    try:
        content = document(output.read(path))
        name, data = content["metadata"]["name"], content["stringData"]
        return {(name, str(key)): str(value) for key, value in data.items()}
    except (FileContentError, KeyError, TypeError, AttributeError) as error:
        message = (
            f"{output.path / path} is not a Secret as `secrets generate` writes it; "
            "restore or remove it"
        )
        raise UnreadableSecretError(message) from error


def _values(credential: Credential, existing: Values, *, fresh: bool) -> dict[str, str]:
    values: dict[str, str] = {}
    # A login keeps its name with its password; a text alone, such as the id of a client, is as the spec has it.
    is_login = any(isinstance(kind, Random) for kind in credential.keys.values())
    for key, kind in credential.keys.items():
        old = existing.get((credential.name, key))
        if not isinstance(kind, Random):
            values[key] = kind if old is None or (kind and not is_login) else old
        else:
            values[key] = make(kind) if fresh or old is None else old
    return values


def _make_private(output: Folder, folder: str) -> None:
    """Make the folder private to its owner and ignored by Git, before it gets the first value."""
    for path in (folder.rpartition("/")[0], folder):
        output.make(path, 0o700)
        output.restrict(path, 0o700)
    output.replace(f"{folder}/.gitignore", b"*\n", 0o600)
