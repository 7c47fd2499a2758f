"""The certificates by which clients verify a server outside the platform."""

from __future__ import annotations

from msgspec import Struct

from compiler.model.resource import ConfigRef, SecretRef


class Authority(Struct, frozen=True):
    """Certificates in the spec, or in a ConfigMap or Secret that exists in the clients' namespaces."""

    text: str = ""
    source: ConfigRef | SecretRef | None = None


class HandedAuthority(Struct, frozen=True):
    """The authority of a binding is handed on to programs in pods that platformc does not write."""

    slot: str
    accepted: bool = True  # whether those programs can read it in the form that the spec has
