"""Define the fields of services outside the platform: address, IP ranges, authority and logins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import Field

from compiler import model
from compiler.components.bases.authority import authority, require_tls
from compiler.diagnostics.words import listing
from compiler.model.credential import ExistingLogin, ExistingLogins
from compiler.spec.authority import AuthorityForms, DataKey
from compiler.spec.constraints import InvalidValue
from compiler.spec.types import LOOPBACK_HOST, Cidr, Host, SecretName


def revoke_command(binding: model.Binding) -> str:
    """No command: the operators of the service must revoke the login."""
    return f"have {binding.host} take it away"


class Login(model.Section):
    """A Secret that exists in the consumer's namespace, with a login of the service."""

    secret: SecretName = Field(description="Its name.")
    keys: dict[str, DataKey] = Field(
        default={},
        description="The Secret's keys, if they have other names, like `{password: pass}`.",
    )

    @property
    def existing(self) -> ExistingLogin:
        return ExistingLogin(self.secret, self.keys)


class Logins(model.Section):
    """Logins that exist already: one for all consumers, or one for each that is named."""

    secret: SecretName | None = Field(
        default=None, description="A Secret in each namespace with consumers."
    )
    keys: dict[str, DataKey] = Field(
        default={},
        description="The Secret's keys, if they have other names, like `{password: pass}`.",
    )
    consumers: dict[str, Login] = Field(
        default={}, description="The logins of single consumers, by their names."
    )

    def check(self) -> None:
        if self.secret is None and (self.keys or not self.consumers):
            message = "`credentials` names no Secret"
            raise InvalidValue(
                "invalid-value", message, "add `secret:` with the name of the Secret"
            )
        keys_of = {self.secret: self.keys}
        for name, login in self.consumers.items():
            if keys_of.setdefault(login.secret, login.keys) != login.keys:
                message = f"the Secret `{login.secret}` has one login, and not another for `{name}`"
                raise InvalidValue(
                    "invalid-value",
                    message,
                    "put it into its own Secret: poolers and administrators tell logins apart by them",
                )

    @property
    def every_key(self) -> set[str]:
        """The keys of the contract for which a login names other keys."""
        return {*self.keys, *(key for login in self.consumers.values() for key in login.keys)}


def binding_problems(me: model.Instance[Any], wiring: model.Wiring) -> Iterator[model.Problem]:
    """The problems of logins and certificates for consumers that the service does not have."""
    consumers = {binding.consumer.name for claims in wiring.claimed.values() for binding in claims}
    for field, names in me.spec.named_consumers.items():
        for name in names:
            if name not in consumers:
                yield model.Problem(
                    "unknown-binding",
                    f"`{name}` does not use `{me.name}`",
                    (field, "consumers", name),
                    f"its consumers are {listing(sorted(consumers)) or 'none'}",
                    sorted(consumers),
                    missing=name,
                )


class Outside(model.InstanceSpec):
    """The fields of all external services but their addresses."""

    cidrs: model.ListOf[Cidr] = Field(
        default=(), description="Its addresses; default: any, on its port."
    )
    ca: AuthorityForms | None = Field(
        default=None,
        description="Your own authority: certificates (PEM), `{file: certs/acme.pem}`, or "
        "`{configMap: ..., key: ...}`; "
        "default: a public one.",
    )

    credentials: Logins | None = Field(
        default=None,
        description="Logins that exist already; default: platformc names a Secret for each.",
    )

    KEYS: ClassVar[tuple[str, ...]] = ("username", "password")  # the keys of a login's Secret

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its host names; clients that take only one get the first."""
        raise NotImplementedError

    @property
    def encrypted(self) -> bool:
        """Whether clients use TLS."""
        return True

    @property
    def logins(self) -> ExistingLogins | None:
        """The logins that exist already."""
        if self.credentials is None:
            return None
        secret, keys = self.credentials.secret, self.credentials.keys
        by_consumer = {name: login.existing for name, login in self.credentials.consumers.items()}
        return ExistingLogins(ExistingLogin(secret, keys) if secret else None, by_consumer)

    @property
    def named_consumers(self) -> Mapping[str, tuple[str, ...]]:
        """The consumers that fields name, by field."""
        return {"credentials": tuple(self.credentials.consumers)} if self.credentials else {}

    @property
    def authority(self) -> model.Authority | None:
        """The authority by which clients verify it; None for a public one."""
        return authority(self.ca)

    def check(self) -> None:
        for host in self.addresses:
            _not_loopback(host, "host" if host == getattr(self, "host", host) else "hosts")
        unknown = self.credentials.every_key - set(self.KEYS) if self.credentials else set()
        if unknown:
            message = f"a login has no key `{min(unknown)}`"
            raise InvalidValue(
                "invalid-value",
                message,
                f"its keys are {listing(self.KEYS)}: write `{self.KEYS[-1]}: NAME`",
            )
        require_tls(self.ca, self.encrypted)


class Spec(Outside):
    """The fields of external services with one address."""

    host: Host = Field(description="Its host name.")

    @property
    def addresses(self) -> tuple[str, ...]:
        return (self.host,)


def _not_loopback(host: str, key: str) -> None:
    if re.fullmatch(LOOPBACK_HOST, host):
        message = f"`{host}` is each pod itself, where the service does not run"
        raise InvalidValue(
            "invalid-host", message, "write the name by which pods reach the server", at=key
        )
