"""Tolerations that the API server refuses (Kubernetes, taints and tolerations)."""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Report
from compiler.model import Instance, Platform
from compiler.spec.placement import Toleration
from compiler.spec.section import Section
from compiler.spec.walk import sections


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    for path, section in sections(instance.spec, instance.path, _is_toleration):
        problem = _wrong(section)
        if problem:
            report.add(
                "invalid-toleration",
                f"`{instance.name}`: {problem}",
                platform.document.value_span(path),
                path=path,
                help="write it like `{key: gpu, operator: Exists, effect: NoSchedule}`",
            )


def _is_toleration(section: type[Section]) -> bool:
    return issubclass(section, Toleration)


def _wrong(toleration: Toleration) -> str | None:
    """The reason that a toleration is refused, or None."""
    if toleration.operator == "Exists" and toleration.value is not None:
        return "`operator: Exists` takes no `value`"
    if toleration.key is None and toleration.operator != "Exists":
        return "without a `key` the operator must be `Exists`"
    if toleration.toleration_seconds is not None and toleration.effect != "NoExecute":
        return "`tolerationSeconds` belongs to `effect: NoExecute`"
    return None
