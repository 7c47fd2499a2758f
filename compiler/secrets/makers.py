"""Describe the creator of a Secret in a few words, by provider."""

from __future__ import annotations

from typing import assert_never

from compiler.derive.external_secrets import store_path
from compiler.model.credential import Credential
from compiler.model.package import Lowered


def maker(lowered: Lowered, credential: Credential) -> str:
    """The entry of `secrets list` in the column MADE BY."""
    if credential.created_by:
        return credential.created_by
    secrets = lowered.platform.settings.secrets
    match secrets.provider:
        case "local" | "sealed-secrets" | "sops":
            return "secrets generate"
        case "existing":
            return "you"
        case "external-secrets":
            if secrets.store is None:
                return "External Secrets"
            return f"{secrets.store.name}: {store_path(lowered, secrets.store, credential.name)}"
    assert_never(secrets.provider)


def is_chosen(lowered: Lowered, credential: Credential) -> bool:
    """Whether the user chooses a credential's value; all other makers know its form."""
    if credential.created_by:
        return credential.created_by == "you"
    return lowered.platform.settings.secrets.are_stored_outside
