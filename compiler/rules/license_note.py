"""A component whose licence the user should read before production."""

from __future__ import annotations

from typing import Any

from compiler import registry
from compiler.diagnostics import Report
from compiler.model import Instance, Platform


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    if instance.section != "components":
        return
    licence = getattr(registry.component(instance.type), "LICENSE_NOTE", None)
    if licence is not None:
        report.add(
            "license-note",
            f"`{instance.name}`: {licence}",
            platform.document.span_of(instance.path),
            path=instance.path,
            help="read it, then add the code to `spec.silence` with what you decided",
        )
