"""`backup` of a component where no environment has `spec.backup`, so that no copy is ever made.

An environment alone may lack `spec.backup`: `backup: null` makes no copies there.
"""

from __future__ import annotations

from collections.abc import Mapping

from compiler.diagnostics import Report
from compiler.model import Path, Platform
from compiler.spec.backup import OwnBackup


def check_specs(platforms: Mapping[str, Platform], report: Report) -> None:
    # The documents and not the settings: a `spec.backup` with errors is reported already.
    specs = [platform.document.at(("spec",)) for platform in platforms.values()]
    if any(spec.child("backup") for spec in specs):
        return
    for environment, platform in platforms.items():
        for instance in platform.instances.values():
            backup = getattr(instance.spec, "backup", None)
            if not isinstance(backup, OwnBackup) or backup.none or backup.complete:
                continue
            path: Path = (*instance.path, "backup")
            report.within(environment).add(
                "invalid-value",
                f"`backup` of `{instance.name}` says what differs from `spec.backup`, which is missing",
                platform.document.span_of(path),
                path=path,
                help="add `backup: {to: ...}` under `spec:`, with the store that keeps the copies: without it, "
                "none is made",
            )
