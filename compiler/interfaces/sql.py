"""Common to SQL databases: one login for each binding that claims a database."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, ClassVar, TypeVar

from msgspec import Struct

from compiler import model
from compiler.model import Random

DRILL = "drill_"  # the beginning of the names of databases that a drill of copies makes and drops


class Claim(model.Claim, frozen=True, kw_only=True):
    """A database; none for a claim without a login."""

    noun: ClassVar[str] = "database"

    database: str = ""
    exists: bool = False  # it holds data already, which another login may have made
    copied: bool = True  # by backups of the server; its consumer's own hold it otherwise

    @property
    def resources(self) -> tuple[str, ...]:
        return (self.database,) if self.database else ()


ClaimT = TypeVar("ClaimT", bound=Claim)
OfferT = TypeVar("OfferT", bound=model.Offer)


def logins(
    claims: Iterable[model.Binding[ClaimT, OfferT]],
) -> tuple[model.Binding[ClaimT, OfferT], ...]:
    """One binding for each login that the claims need, in a fixed order."""
    by_secret = {binding.secret: binding for binding in claims if binding.claim.database}
    return tuple(by_secret[secret] for secret in sorted(by_secret))


class Login(Struct, frozen=True):
    """A login as a server's administrator sees it: its Secret, its user name and its databases."""

    secret: str
    exists: bool
    role: str
    databases: tuple[str, ...]
    read_only: bool = False


def administered(claims: Iterable[model.Binding[Any, Any]], longest: int) -> list[Login]:
    """The logins that consumers of a server outside need."""
    by_secret: dict[str, list[model.Binding[Any, Any]]] = {}
    for binding in claims:
        if binding.claim.database:
            by_secret.setdefault(binding.secret, []).append(binding)
    return [
        Login(
            secret,
            bindings[0].existing_login is not None,
            username(secret, longest),
            tuple(sorted({binding.claim.database for binding in bindings})),
            all(getattr(binding.claim, "read_only", False) for binding in bindings),
        )
        for secret, bindings in sorted(by_secret.items())
    ]


def databases(logins: Iterable[Login]) -> list[str]:
    """Every database of some logins, once."""
    return sorted({database for login in logins for database in login.databases})


SAFE_IN_URI = "the password may hold only letters, digits and `-._~`, because a URI contains it"


def credential(binding: model.Binding, longest: int) -> model.Credential:
    """The Secret of one login; the user name has at most `longest` characters."""
    existing = binding.existing_credential("username", "password")
    return existing or model.Credential(
        binding.secret,
        {"username": username(binding.secret, longest), "password": Random.PASSWORD},
        (binding.consumer.namespace,),
        (binding.consumer.name,),
        value_rule=SAFE_IN_URI,
    )


def username(name: str, longest: int) -> str:
    """A valid user name. A name that is too long is cut and gets a hash of the whole name."""
    if len(name) <= longest:
        return name
    return f"{name[: longest - 9]}-{sha256(name.encode()).hexdigest()[:8]}"
