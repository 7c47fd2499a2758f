"""Build ServiceAccounts, the identities of pods. No API token is mounted unless a pod asks for one."""

from __future__ import annotations

from collections.abc import Iterable

from compiler.model.manifest import Manifest


def service_account(
    name: str, namespace: str, pull_secrets: Iterable[str] = (), lends: Iterable[str] = ()
) -> Manifest:
    """A ServiceAccount. `lends` names the Secrets that pods running as it may use."""
    account: Manifest = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": namespace},
        "automountServiceAccountToken": False,
    }
    for key, names in (("imagePullSecrets", pull_secrets), ("secrets", lends)):
        references = [{"name": secret} for secret in names]
        if references:
            account[key] = references
    return account
