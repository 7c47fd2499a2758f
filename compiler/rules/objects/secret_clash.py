"""Two credentials with one name: two programs would log in as the same user, with the same password.

The Secret of a client is named `<consumer>-<slot>`, which can be split in two ways, and a server names its own
Secrets in the same manner. Namespaces do not keep them apart: a credential is made once and copied to all
namespaces that read it, and servers know a client by the name of its Secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from compiler.diagnostics import Related, Report
from compiler.model import Instance, Lowered, Platform


class Claimant(Struct, frozen=True):
    """An instance that has a Secret of this name, for one of its slots or as a server."""

    secret: str
    instance: Instance[Any]
    slot: str = ""  # empty: the Secret is the server's own

    @property
    def purpose(self) -> str:
        return f"slot `{self.slot}` of `{self.instance.name}`" if self.slot else "the server's own"


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    claimants: dict[str, Claimant] = {}
    for claimant in (*_servers(lowered), *_clients(lowered)):
        earlier = claimants.setdefault(claimant.secret, claimant)
        if earlier.instance.name != claimant.instance.name:
            _report(platform, claimant, earlier, report)


def _servers(lowered: Lowered) -> Iterator[Claimant]:
    """The instances with Secrets of their own, such as an administrator's login."""
    shared = {binding.offer.secret for binding in lowered.graph.bindings}
    for package in lowered.all_packages:
        for credential in package.credentials:
            if package.instance and not credential.created_by and credential.name not in shared:
                yield Claimant(credential.name, package.instance)


def _clients(lowered: Lowered) -> Iterator[Claimant]:
    """The instances that log in to others. A Secret that all clients share belongs to the provider."""
    names = {credential.name for credential in lowered.credentials}
    for binding in lowered.graph.bindings:
        if binding.secret not in names or binding.via or binding.existing_login:
            continue
        if binding.offer.secret is not None:
            yield Claimant(binding.secret, binding.provider)
        elif binding.provides.endpoint.credential(binding) is not None:
            yield Claimant(binding.secret, binding.consumer, binding.requires.slot)


def _report(platform: Platform, later: Claimant, earlier: Claimant, report: Report) -> None:
    path = later.instance.source
    report.add(
        "secret-clash",
        f"`{later.instance.name}` and `{earlier.instance.name}` would both read the Secret "
        f"`{later.secret}`: {later.purpose}, and {earlier.purpose}",
        platform.document.span_of(path),
        path=path,
        help=f"rename `{later.instance.name}`",
        related=[Related("the other one", platform.document.span_of(earlier.instance.source))],
    )
