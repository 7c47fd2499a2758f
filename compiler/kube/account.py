"""ServiceAccounts: who pods are to others, never with a token that nobody asked for."""

from __future__ import annotations

from collections.abc import Iterable

from compiler.model.resource import Manifest


def service_account(
    name: str, namespace: str, pull_secrets: Iterable[str] = (), lends: Iterable[str] = ()
) -> Manifest:
    """A ServiceAccount; `lends` names the Secrets that it holds for those who run as it."""
    account: Manifest = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": namespace},
        "automountServiceAccountToken": False,
    }
    for key, names in (("imagePullSecrets", pull_secrets), ("secrets", lends)):
        listed = [{"name": one} for one in names]
        if listed:
            account[key] = listed
    return account
