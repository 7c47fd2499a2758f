"""A component whose licence the user should read before production."""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Report
from compiler.model import Instance, Platform
from compiler.registry import component_of


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    if instance.section != "components":
        return
    licence = component_of(instance).LICENSE_NOTE
    if licence:
        report.add(
            "license-note",
            f"`{instance.name}`: {licence}",
            platform.document.span_of(instance.path),
            path=instance.path,
            help="read it, then add the code to `spec.silence` with your decision",
        )
