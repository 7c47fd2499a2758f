"""The interface of services outside the platform: a package index, a git server, a company's API.

A pod may use several of them, so each variable has the service's name.
"""

from __future__ import annotations

from typing import ClassVar

from compiler import model
from compiler.model import Env


class Claim(model.Claim, frozen=True, kw_only=True):
    """Access to one service."""


class Offer(model.Offer, frozen=True, kw_only=True):
    """An address, the scheme of its URL, and the path where the service begins."""

    scheme: str = "https"
    path: str = ""


DEFAULT_PORTS = {"https": 443, "http": 80}  # ports that a URL leaves out


KEYS = ("username", "password")  # the keys of a login
Binding = model.Binding[Claim, Offer]


class Endpoint(model.Endpoint[Claim, Offer], frozen=True, kw_only=True):
    """The address of the service, and the file that verifies it."""

    interface: ClassVar[str] = "external-service"

    @classmethod
    def credential(cls, binding: Binding) -> model.Credential | None:
        return binding.existing_credential(*_keys(binding))

    @property
    def url(self) -> str:
        offer = self.offer
        port = "" if DEFAULT_PORTS.get(offer.scheme) == self.port else f":{self.port}"
        return f"{offer.scheme}://{self.host}{port}{offer.path}"

    def env(self) -> tuple[Env, ...]:
        prefix = self.binding.provider.name.upper().replace("-", "_")
        variables = {
            f"{prefix}_URL": self.url,
            f"{prefix}_HOST": self.host,
            f"{prefix}_PORT": str(self.port),
            f"{prefix}_CA": self.authority or "",
        }
        login = ((f"{prefix}_{key.upper()}", self.secret_key(key)) for key in _keys(self.binding))
        plain = ((name, value) for name, value in variables.items() if value)
        return (
            *(Env(name, value) for name, value in plain),
            *(Env(name, key) for name, key in login),
        )


def _keys(binding: Binding) -> tuple[str, ...]:
    """The keys of the login for the service: the keys that the spec names, if it names any."""
    login = binding.existing_login
    if login is None:
        return ()
    return tuple(sorted(login.keys, reverse=True)) or KEYS
