"""A workload that uses one instance twice: probably another one was meant."""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Related, Report
from compiler.diagnostics.fix import Edit, Fix
from compiler.model import Instance, Path, Platform


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    uses: tuple[str, ...] = getattr(instance.spec, "uses", ())
    for index, word in enumerate(uses):
        if word in uses[:index]:
            path: Path = (*instance.path, "uses", index)
            first_span = platform.document.span_of((*path[:-1], uses.index(word)))
            span = platform.document.span_of(path)
            report.add(
                "repeated-use",
                f"`{instance.name}` uses `{word}` twice",
                span,
                path=path,
                help="delete it, or name the instance that you meant",
                related=[Related("the first time", first_span)],
                fix=Fix(span, edit=Edit.REMOVE),
            )
