"""A credential that pods of several namespaces read, with a provider that makes no copies.

A pod reads Secrets of its own namespace only. `existing` means that somebody else makes them: the
same one, in each of these namespaces.
"""

from __future__ import annotations

from compiler.diagnostics import Report, listing
from compiler.model import Lowered, Path, Platform

_PROVIDER: Path = ("spec", "secrets", "provider")


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    if platform.settings.secrets.provider != "existing":
        return
    for credential in lowered.credentials:
        if len(credential.namespaces) > 1:
            report.add(
                "copied-secret",
                f"the Secret `{credential.name}` is read in {listing(credential.namespaces)}, and "
                "`existing` copies none",
                platform.document.value_span(_PROVIDER),
                path=_PROVIDER,
                help="make it in each of them with the same values, or choose a provider that does",
            )
