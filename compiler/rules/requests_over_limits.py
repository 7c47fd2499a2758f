"""A request above its limit: the API server refuses the pod."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.diagnostics import Related, Report
from compiler.model import Instance, Path, Platform, Resources
from compiler.spec import quantity
from compiler.spec.section import Section
from compiler.spec.walk import sections


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    for path, request, limit in _over(instance):
        key = path[-1]
        limit_path = (*path[:-2], "limits", key)
        document = platform.document
        report.add(
            "requests-over-limits",
            f"`{instance.name}` requests {request} of {key}, more than its limit of {limit}",
            document.value_span(path),
            path=path,
            help=f"raise `limits.{key}` to {request}, or lower `requests.{key}` to {limit}",
            related=[Related("the limit", document.value_span(limit_path))],
        )


def _over(instance: Instance[Any]) -> Iterator[tuple[Path, str, str]]:
    """Each request that is above its limit: its path, and both amounts."""
    for path, section in sections(instance.spec, instance.path, _is_resources):
        limits = section.limits.written()
        for key, request in section.requests.written().items():
            limit = limits.get(key)
            if limit is not None and quantity.amount(request) > quantity.amount(limit):
                yield (*path, "requests", key), request, limit


def _is_resources(section: type[Section]) -> bool:
    return issubclass(section, Resources)
