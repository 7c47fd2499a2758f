"""A component whose upstream project has ended: it works, but gets no more fixes.

The component's module says so (`UNMAINTAINED`), and lists the types that can replace it
(`ALTERNATIVES`).
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
            help=f"{_alternatives(module)} offer the same; or add it to `spec.silence` with your reason",
        )


def _alternatives(module: Any) -> str:
    return ", ".join(f"`{type}`" for type in module.ALTERNATIVES)
