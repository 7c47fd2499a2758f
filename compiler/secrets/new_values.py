"""Plan the first part of a rotation: the commands and tasks that make new values.

A step that only a person can do stops the shell until a variable is set, so that an incomplete plan
does not look complete.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from compiler.delivery.credentials import generation
from compiler.delivery.steps import SpecLocation, Step
from compiler.derive import external_secrets
from compiler.model.credential import Credential, Random
from compiler.model.package import Lowered
from compiler.secrets.makers import maker
from compiler.text import shell_stop


def new_values(
    lowered: Lowered, credentials: tuple[Credential, ...], location: SpecLocation
) -> Iterator[Step]:
    """Create the new values, and let services outside the platform know them."""
    changes = tuple(_by_hand(lowered, credentials))
    stops = Step("by hand", tuple(change.stop for change in changes))
    renewed = tuple(_renewed(lowered, credentials, location))
    if changes and lowered.platform.settings.secrets.are_stored_outside:
        yield stops
    for credential in credentials:
        if credential.remove_command:
            title = f"{credential.name} is taken out of the server's data, to be made again"
            yield Step(title, (credential.remove_command,))
    if changes and not lowered.platform.settings.secrets.are_stored_outside:
        # Values are created once, even if the plan is started several times before it completes.
        confirmed = " && ".join(f'[ "${{{change.variable}:-}}" ]' for change in changes)
        yield Step("new values", tuple(f"{{ {confirmed}; }} || {line}" for line in renewed))
        yield stops
    elif renewed:
        yield Step("new values", renewed)


def _renewed(
    lowered: Lowered, credentials: tuple[Credential, ...], location: SpecLocation
) -> Iterator[str]:
    """The commands that create new values, by the provider."""
    secrets = lowered.platform.settings.secrets
    match secrets.provider:
        case "local" | "sealed-secrets" | "sops":
            yield from generation(lowered, location, credentials)
        case "external-secrets" if secrets.store is None:
            for credential in credentials:
                yield from _recreated(external_secrets.source(credential), credential.namespaces[0])
                yield from _copies_recreated(credential)
        case "external-secrets":
            for credential in credentials:
                yield from _copies_recreated(credential)


class _ByHand(Struct, frozen=True):
    """A step for a person, and the variable that confirms it."""

    variable: str
    task: str

    @property
    def stop(self) -> str:
        again = f"then run this again with {self.variable}=yes"
        return shell_stop(self.variable, f"{self.task}, {again}")


def _by_hand(lowered: Lowered, credentials: tuple[Credential, ...]) -> Iterator[_ByHand]:
    """Changes of values in their store, and at services outside the platform."""
    outside = lowered.platform.settings.secrets.are_stored_outside
    for credential in credentials:
        hosts = sorted({binding.host for binding in lowered.graph.bindings
                        if binding.offer.external and binding.secret == credential.name})  # fmt: skip
        notice = f"let {' and '.join(hosts)} know the Secret {credential.name}" if hosts else ""
        store = (
            maker(lowered, credential)
            if lowered.platform.settings.secrets.store
            else "where it is kept"
        )
        changed = ", ".join(_rotated(credential))
        change_task = f"change {changed} of {credential.name} ({store})" if outside else ""
        task = " and ".join(filter(None, (change_task, notice)))
        if task:
            yield _ByHand(f"{re.sub(r'[^A-Z0-9]', '_', credential.name.upper())}_CHANGED", task)


def _rotated(credential: Credential) -> list[str]:
    """The keys with secret values. A server keeps a login under its old name, so the name stays."""
    return [key for key, kind in credential.keys.items() if isinstance(kind, Random)] or [
        *credential.keys
    ]


def _copies_recreated(credential: Credential) -> Iterator[str]:
    for space in credential.namespaces:
        yield from _recreated(credential.name, space)


def _recreated(name: str, space: str) -> Iterator[str]:
    """Delete a Secret, and let External Secrets create it again with the new value.

    Running pods already have their values. Wait until the Secret exists again: ExternalSecret has
    no condition for that.
    """
    forget = '{"status": {"syncedResourceVersion": null}}'
    yield f"kubectl delete secret {name} -n {space}"
    yield (
        f"kubectl patch externalsecret {name} -n {space} --subresource=status --type=merge "
        f"-p '{forget}'"
    )
    yield f"kubectl wait --for=create secret/{name} -n {space} --timeout=2m"
