"""Cron expressions as Kubernetes' CronJobs read them (robfig/cron v3, standard parser)."""

from __future__ import annotations

import re

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    ("day of week", 0, 6, {name: number for number, name in enumerate(_DAYS)}),
)
_MACROS = {"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}


def problem(text: str) -> str | None:
    """What is wrong with a schedule, or None."""
    if text in _MACROS:
        return None
    if text.startswith("@"):
        return f"the macros are {', '.join(sorted(_MACROS))}"
    if "TZ=" in text:
        return "a time zone does not belong in it; schedules are in UTC"
    fields = text.split(" ")
    if len(fields) != len(_FIELDS):
        return f"it has {len(fields)} fields, not 5"
    for field, (name, low, high, words) in zip(fields, _FIELDS, strict=True):
        for part in field.split(","):
            wrong = _part_problem(part, low, high, words)
            if wrong:
                return f"{name} {wrong}"
    return None


def _part_problem(part: str, low: int, high: int, words: dict[str, int]) -> str | None:
    match = re.fullmatch(r"(\*|\?|\w+(?:-\w+)?)(?:/([0-9]{1,4}))?", part)
    if match is None:
        return f"`{part}` is no number, range or step"
    if match[2] is not None and int(match[2]) == 0:
        return f"`{part}` has a step of 0"
    if match[1] in "*?":
        return None
    ends: list[int] = []
    for word in match[1].split("-"):
        number = words.get(word.lower(), int(word) if re.fullmatch(r"[0-9]{1,4}", word) else None)
        if number is None or not low <= number <= high:
            return f"`{word}` is not within {low} to {high}"
        ends.append(number)
    return f"`{part}` runs backwards" if ends[0] > ends[-1] else None
