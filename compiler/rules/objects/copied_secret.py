"""A credential that pods of several namespaces read, although the provider copies no Secrets.

A pod reads Secrets only in its own namespace. With `existing`, another program or person creates
them: the same Secret in each of these namespaces.
"""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.diagnostics.words import listing
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
                help="create it in each of these namespaces with the same values, or choose a provider "
                "that copies it",
            )
