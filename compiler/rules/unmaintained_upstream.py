"""A component whose upstream has ended: it works, and nobody will fix it."""

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
            help=_instead(instance.type),
        )


def _instead(type: str) -> tuple[str, ...]:
    """The types that offer the same, for a swap in one line."""
    same = {
        other
        for interface in registry.provided(type)
        for other in registry.providers(interface)
        if other != type and not hasattr(registry.component(other), "UNMAINTAINED")
    }
    names = ", ".join(f"`{name}`" for name in sorted(same))
    return (f"{names} offer the same; or add it to `spec.silence` with your reason",)
