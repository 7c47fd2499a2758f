"""What the SQL databases have in common: a login for each binding that claims a database."""

from __future__ import annotations

from collections.abc import Iterable

from compiler import model
from compiler.model import Random


def logins(claims: Iterable[model.Binding]) -> tuple[model.Binding, ...]:
    """One binding for each login that the claims need, in a fixed order."""
    found = {binding.secret: binding for binding in claims if binding.claim.database}
    return tuple(found[secret] for secret in sorted(found))


def credential(binding: model.Binding, username: str) -> model.Credential:
    """The Secret of one login."""
    return model.Credential(
        binding.secret,
        {"username": username, "password": Random.PASSWORD},
        (binding.consumer.namespace,),
        (binding.consumer.name,),
        "the password may hold only characters that a URI takes as they are",
    )
