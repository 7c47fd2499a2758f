"""A Secret of the platform, in an instance that has no binding to it.

Credentials are copied to the namespaces in which a pod names them. So the name of another instance's
Secret would be enough to get it: the administrator's login of a store, a database of others, the key of
the login's sessions. A binding gives an instance a separate login, with the rights of its claim.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from compiler.diagnostics import Report
from compiler.document import Node
from compiler.model import Instance, Lowered, Path, Platform


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    named = list(_named(lowered))
    if not named:
        return
    owned, of_platform = _owned(lowered), set(_of_platform(lowered))
    for instance, secret in named:
        if secret in of_platform and secret not in owned[instance.name]:
            path = _path(platform.document.at(instance.source), instance.source, secret)
            report.add(
                "foreign-secret",
                f"`{instance.name}` reads the Secret `{secret}`, which the platform makes for others",
                platform.document.value_span(path),
                path=path,
                help="name the server under `uses`, which gives a login with the rights that are "
                "needed; a Secret of yours has another name",
            )


def _named(lowered: Lowered) -> Iterator[tuple[Instance[Any], str]]:
    """The Secrets that instances take for the user's own."""
    for package in lowered.all_packages:
        for credential in package.credentials:
            if credential.created_by == "you" and package.instance is not None:
                yield package.instance, credential.name
    for name, slots in lowered.graph.offers.items():
        for offer in slots.values():
            if offer.logins:
                for secret in offer.logins.secrets:
                    yield lowered.graph.instances[name], secret


def _of_platform(lowered: Lowered) -> Iterator[str]:
    """The Secrets that the platform or its servers make."""
    for credential in (*lowered.credentials, *lowered.granted):
        if credential.created_by != "you":
            yield credential.name
    for package in lowered.all_packages:
        for resource in package.resources:
            if resource.kind == "Secret":
                yield resource.name


def _owned(lowered: Lowered) -> dict[str, set[str]]:
    """The Secrets of each instance: those of its bindings, and those that it declares itself."""
    owned: dict[str, set[str]] = defaultdict(set)
    for binding in lowered.graph.bindings:
        if binding.existing_login is None:
            owned[binding.consumer.name].add(binding.secret)
    for package in lowered.all_packages:
        declared = (secret for secret in package.credentials if secret.created_by != "you")
        owned[package.name].update(credential.name for credential in declared)
    return owned


def _path(section: Node, path: Path, text: str) -> Path:
    """The path of a text in a section; the section's own if the text is elsewhere."""
    return next(_paths(section, path, text), path)


def _paths(node: Node, path: Path, text: str) -> Iterator[Path]:
    if node.value == text:
        yield path
    for key, inner in node.entries():
        yield from _paths(inner, (*path, key), text)
