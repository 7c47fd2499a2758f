"""A component whose upstream has ended: it works, and nobody will fix it.

It says so itself (`UNMAINTAINED`), and which types offer the same for a swap in one line (`ALTERNATIVES`).
"""

from __future__ import annotations

from typing import Any

from compiler import registry
from compiler.diagnostics import Report
from compiler.model import Instance, Platform


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    if instance.section != "components":
        return
    module = registry.component(instance.type)
    reason = getattr(module, "UNMAINTAINED", None)
    if reason is not None:
        report.add(
            "unmaintained-upstream",
            f"`{instance.type}` is not maintained by its authors: {reason}",
            platform.document.span_of(instance.path),
            path=instance.path,
            help=f"{_instead(module)} offer the same; or add it to `spec.silence` with your reason",
        )


def _instead(module: Any) -> str:
    return ", ".join(f"`{type}`" for type in module.ALTERNATIVES)
