"""Credentials: which Secrets must exist, with which keys, where. Never their values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

Manifest = dict[str, object]


class Random(StrEnum):
    """A key whose value is made by chance, in an alphabet that every reader of it survives."""

    PASSWORD = "password"  # a letter, then 31 letters and digits: safe in URIs, SQL, ini files
    ACCESS_KEY = "access-key"  # 20 capitals and digits: lakeFS reads no longer ones
    SECRET_KEY = "secret-key"  # 40 letters and digits, as AWS has them


class Credential(Struct, frozen=True):
    """One Secret: its keys (a fixed text or a random kind), its namespaces and its readers.

    The first namespace is its home; the Secrets in the others are copies.
    """

    name: str
    keys: Mapping[str, str | Random]
    namespaces: tuple[str, ...]
    readers: tuple[str, ...]
    note: str = ""  # what must hold for a value that the user makes
    type: str = "Opaque"  # of the Secret, where a reader of it insists on one
    labels: Mapping[str, str] = field(default_factory=dict)  # that a reader of it looks for
    change_command: str = ""  # changes it in a server that keeps it in its data
    login_from_env: bool = False  # that command logs in with the variable of the server's own pod
    remove_command: str = ""  # deletes it from a server's data, which then takes a new one
    immutable_reason: str = ""  # why it can't change
    restart: tuple[str, ...] = ()  # upstream's workloads that read it when they start
    annotations: Mapping[str, str] = field(default_factory=dict)  # that tell a reader how to use it
    created_by: str = ""  # the server that makes it, where no provider of secrets does


MANAGED = {"app.kubernetes.io/managed-by": "platformc"}


def marks(credential: Credential) -> Manifest:
    """What a Secret's readers look for beside its keys."""
    made: Manifest = {"labels": dict(sorted({**MANAGED, **credential.labels}.items()))}
    if credential.annotations:
        made["annotations"] = dict(sorted(credential.annotations.items()))
    return made
