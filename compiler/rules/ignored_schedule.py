"""`schedule` together with `run: once`: a Job runs once, when it is applied."""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Related, Report
from compiler.model import Instance, Path, Platform


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    run = getattr(instance.spec, "run", None)
    if run is not None and getattr(instance.spec, "schedule", None) is not None:
        path: Path = (*instance.path, "schedule")
        document = platform.document
        report.add(
            "ignored-schedule",
            f"`{instance.name}` has a schedule and `run: {run}`, and only one of the two can apply",
            document.value_span(path),
            path=path,
            help="delete `run` for a CronJob, or `schedule` for a Job",
            related=[Related("the other one", document.value_span((*instance.path, "run")))],
        )
