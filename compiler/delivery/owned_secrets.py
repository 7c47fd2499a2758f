"""Hand Secrets over that are in use: to another provider of credentials, or to an instance that adopts them.

The operator of External Secrets is the owner of such a Secret: it restores the values, and Kubernetes deletes the Secret
with its owner, unless the deletion leaves orphans. The controller of Sealed Secrets writes to no Secret of others
unless an annotation permits it (pkg/controller/controller.go of 0.36.6, `unseal`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from compiler.delivery.successors import last_first
from compiler.interfaces.sealed_secrets import SEALED, TO_BE_MANAGED
from compiler.model.custom_resource import kubectl_kind
from compiler.model.package import Lowered
from compiler.model.resource import Resource


def is_still_read(resource: Resource, after: Lowered) -> bool:
    """Whether a tree without the object reads the Secret that the object owns."""
    custom = resource.custom
    if custom is None or custom.owned_secret is None:
        return False
    secret = custom.owned_secret(resource.manifest)
    return any(
        credential.name == secret and resource.namespace in credential.namespaces
        for credential in (*after.credentials, *after.granted)
    )


def handed_over(before: Lowered, after: Lowered) -> Iterator[str]:
    """The commands after which nothing but the new provider, or a person, writes the Secrets in use."""
    remaining = {resource.id for package in after.all_packages for resource in package.resources}
    for resource in last_first(before):
        if resource.id not in remaining and is_still_read(resource, after):
            name = f"{kubectl_kind(resource.manifest)} {resource.name} -n {resource.namespace}"
            yield f"kubectl delete {name} --cascade=orphan --ignore-not-found"
    old, new = (lowered.platform.settings.secrets.provider for lowered in (before, after))
    if old == "sealed-secrets" != new:
        # Its objects are in secrets/, not in the tree. Kubernetes would delete each Secret with its SealedSecret.
        for space, alike in groupby(sorted(_names(before) & _names(after)), key=itemgetter(0)):
            names = " ".join(name for _, name in alike)
            kind = f"{SEALED.kind.lower()}.{SEALED.group}"
            yield f"kubectl delete {kind} {names} -n {space} --cascade=orphan --ignore-not-found"
    if new == "sealed-secrets" != old:
        for space, alike in groupby(sorted(_names(before) & _names(after)), key=itemgetter(0)):
            names = " ".join(name for _, name in alike)
            yield f"kubectl annotate secret {names} -n {space} {TO_BE_MANAGED} --overwrite"


def _names(lowered: Lowered) -> set[tuple[str, str]]:
    """Namespaces and names of the Secrets that a provider makes."""
    return {
        (space, credential.name)
        for credential in lowered.credentials
        for space in credential.namespaces
    }
