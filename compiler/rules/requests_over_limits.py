"""A request above its limit: the API server refuses the pod."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.diagnostics import Related, Report
from compiler.model import Instance, Path, Platform, Resources
from compiler.spec import quantity
from compiler.spec.walk import sections


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    for path, asked, bound in over(instance):
        key = path[-1]
        limit = (*path[:-2], "limits", key)
        document = platform.document
        report.add(
            "requests-over-limits",
            f"`{instance.name}` requests {asked} of {key}, more than its limit of {bound}",
            document.value_span(path),
            path=path,
            help=f"raise `limits.{key}` to {asked}, or lower `requests.{key}` to {bound}",
            related=[Related("the limit", document.value_span(limit))],
        )


def over(instance: Instance[Any]) -> Iterator[tuple[Path, str, str]]:
    """Each request that is above its limit: its path, and both amounts."""
    for path, section in sections(instance.spec, instance.path):
        if isinstance(section, Resources):
            limits = section.limits.written()
            for key, asked in section.requests.written().items():
                bound = limits.get(key)
                if bound is not None and quantity.amount(asked) > quantity.amount(bound):
                    yield (*path, "requests", key), asked, bound
