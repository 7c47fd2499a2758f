"""Rules that compare with the last compile, which is the tree on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from compiler.check.silence import without_silenced
from compiler.diagnostics import Diagnostic
from compiler.model.package import Lowered


def check(lowered: Mapping[str | None, Lowered], root: Path) -> list[Diagnostic]:
    """The findings of all these rules, without silenced ones."""
    from compiler.rules.previous import changed_release, first_canary, refused_data

    platforms = {
        name: environment.platform for name, environment in lowered.items() if name is not None
    }
    findings = first_canary.check(lowered, root) + refused_data.check(lowered, root)
    remaining = without_silenced(findings, platforms)[0]
    return [*remaining, *changed_release.check(lowered, root).diagnostics]
