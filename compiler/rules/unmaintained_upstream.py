"""A component whose upstream project has ended: it works, but gets no more fixes.

The component's module says so (`UNMAINTAINED`), and lists the types that can replace it
(`ALTERNATIVES`).
"""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Report
from compiler.model import Instance, Platform
from compiler.registry import component_of


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    if instance.section != "components":
        return
    component = component_of(instance)
    if component.UNMAINTAINED:
        alternatives = ", ".join(f"`{type}`" for type in component.ALTERNATIVES)
        report.add(
            "unmaintained-upstream",
            f"`{instance.type}` is not maintained by its authors: {component.UNMAINTAINED}",
            platform.document.span_of(instance.path),
            path=instance.path,
            help=f"{alternatives} offer the same; or add it to `spec.silence` with your reason",
        )
