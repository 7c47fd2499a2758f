"""A run that may last longer than the time until the next one, which is then skipped.

CronJobs here forbid two runs at once (`concurrencyPolicy: Forbid`), so a run that comes too late is
lost. The shortest time between two starts is compared with `timeout`, but only if the spec sets it:
then it is the user's estimate. The default only stops runs that hang. It is longer than most
schedules on purpose: Feast's first materialization reads as far back as a view's `ttl`, and if it
were stopped early it would start again at the same point every time.
"""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Report
from compiler.model import Instance, Path, Platform
from compiler.spec import cron
from compiler.spec.duration import seconds
from compiler.spec.section import Section
from compiler.spec.walk import sections


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    for path, section in sections(instance.spec, instance.path, _starts_and_ends):
        schedule, timeout = section.schedule, section.timeout
        if schedule is None or timeout is None:
            continue
        if platform.document.at(path).child("timeout") is None:
            continue
        gap = cron.shortest_gap(schedule)
        if gap is not None and seconds(timeout) > gap:
            location: Path = (*path, "timeout")
            report.add(
                "overlapping-schedule",
                f"`{instance.name}` starts every {_spoken(gap)} at its closest and may run for "
                f"{_spoken(seconds(timeout))}: a start that falls into a run is skipped",
                platform.document.value_span(location),
                path=location,
                help=f"lower `timeout` to {_spoken(gap)} or less, or start it less often",
            )


def _starts_and_ends(section: type[Section]) -> bool:
    return section.model_fields.keys() >= {"schedule", "timeout"}


def _spoken(count: int) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if count % size == 0:
            return f"{count // size}{unit}"
    return f"{count}s"
