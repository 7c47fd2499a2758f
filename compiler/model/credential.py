"""Describe the Secrets that must exist by their keys and namespaces, never by their values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from compiler.model.manifest import Manifest

OPAQUE = "Opaque"  # the type of a Secret that nothing in Kubernetes reads


class Random(StrEnum):
    """A key with a random value, in an alphabet that all its readers accept."""

    PASSWORD = "password"  # a letter, then 31 letters and digits: safe in URIs, SQL, ini files
    ACCESS_KEY = "access-key"  # 20 capitals and digits: lakeFS reads no longer ones
    SECRET_KEY = "secret-key"  # 40 letters and digits, as AWS has them


class Credential(Struct, frozen=True):
    """One Secret: its keys (a fixed text or a random kind), its namespaces and its readers.

    The first namespace is its home; the Secrets in the other namespaces are copies.
    """

    name: str
    keys: Mapping[str, str | Random]
    namespaces: tuple[str, ...]
    readers: tuple[str, ...]
    note: str = ""  # what its readers and its owner must know
    type: str = OPAQUE  # the Secret's type, if a reader requires one
    labels: Mapping[str, str] = field(default_factory=dict)  # labels that a reader looks for
    change_command: str = ""  # the command that changes it in a server's data
    # Whether `change_command` logs in with a variable of the server's pod.
    login_from_env: bool = False
    # The command that locks out its login, which stays on the server when the credential leaves the spec.
    revoke_command: str = ""
    remove_command: str = ""  # the command that deletes it in a server, for a new one
    immutable_reason: str = ""  # the reason why it can't change
    restart: tuple[str, ...] = ()  # upstream's workloads that read it when they start
    # Whether the server's pods log in to each other with it: those with the old and with the new value refuse each other.
    between_pods: bool = False
    # Annotations that describe its use to a reader, and what the reader takes from them.
    annotations: Mapping[str, str] = field(default_factory=dict)
    annotations_reason: str = ""
    # The annotations that a person adds to the Secret in each namespace, if a person makes it.
    to_annotate: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    created_by: str = ""  # the server that creates it, if no secrets provider does
    value_rule: str = ""  # a requirement on a value that the user chooses


class ExistingLogin(Struct, frozen=True):
    """A Secret of the user with a login; `keys` has its keys by their names in the contract."""

    secret: str
    keys: Mapping[str, str] = field(default_factory=dict)

    def key(self, name: str) -> str:
        return self.keys.get(name, name)


class ExistingLogins(Struct, frozen=True):
    """The logins that exist at a service outside: one for all of its consumers, or by consumer."""

    shared: ExistingLogin | None = None
    consumers: Mapping[str, ExistingLogin] = field(default_factory=dict)

    def of(self, consumer: str) -> ExistingLogin | None:
        return self.consumers.get(consumer, self.shared)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of the user's Secrets with these logins."""
        logins = (*self.consumers.values(), *((self.shared,) if self.shared else ()))
        return tuple(sorted({login.secret for login in logins}))


MANAGED = {"app.kubernetes.io/managed-by": "platformc"}


def marks(credential: Credential) -> Manifest:
    """The labels and annotations that a Secret's readers look for."""
    metadata: Manifest = {"labels": dict(sorted({**MANAGED, **credential.labels}.items()))}
    if credential.annotations:
        metadata["annotations"] = dict(sorted(credential.annotations.items()))
    return metadata
