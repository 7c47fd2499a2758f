"""Read cron expressions in the syntax of Kubernetes' CronJobs (robfig/cron v3, standard parser)."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

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


def with_seconds(schedule: str) -> str:
    """A schedule for robfig/cron v1, whose first field is for seconds. Its macros have none.

    There, `*/2` is a star as well (1.2.0, parser.go, getRange), so of a day of month and a day of week both must
    match, and not either. A range is a star in neither version.
    """
    if schedule in _MACROS:
        return schedule
    minute, hour, day, month, weekday = schedule.split(" ")
    return " ".join(("0", minute, hour, _ranges(day, "1-31"), month, _ranges(weekday, "0-6")))


def _ranges(field: str, all_days: str) -> str:
    """A field of days whose stars with a step above 1 are ranges."""
    return re.sub(r"(?<![^,])[*?](?=/(?!0*1(?:,|$)))", all_days, field)


def problem(text: str) -> str | None:
    """The mistake in a schedule, or None."""
    if text in _MACROS:
        return None
    if text.startswith("@"):
        return f"the macros are {', '.join(sorted(_MACROS))}"
    if "TZ=" in text:
        return "a time zone does not belong in it; schedules are in UTC"
    fields = text.split(" ")
    if len(fields) != len(_FIELDS):
        return f"it has {len(fields)} field{'s' if len(fields) != 1 else ''}, not 5"
    for field, (name, low, high, words) in zip(fields, _FIELDS, strict=True):
        for part in field.split(","):
            wrong = _part_problem(part, low, high, words)
            if wrong:
                return f"{name} {wrong}"
    return None


def shortest_gap(text: str) -> int | None:
    """The minimum of seconds between two starts of a valid schedule within four years.

    None if it starts at most once in this time: on 29 February, or never, as on 30 February.
    """
    return min(_gaps(text), default=None)


def longest_gap(text: str) -> int | None:
    """The maximum of seconds between two starts of a valid schedule within four years, or None as above."""
    return max(_gaps(text), default=None)


@cache
def _gaps(text: str) -> tuple[int, ...]:
    """The seconds between consecutive starts of a day, and from its last start to the next day's first."""
    fields = _MACRO_FIELDS.get(text, text).split(" ")
    minutes, hours, days, months, weekdays = (
        _matching(field, low, high, words)
        for field, (_, low, high, words) in zip(fields, _FIELDS, strict=True)
    )
    times = [hour * 3600 + minute * 60 for hour in sorted(hours) for minute in sorted(minutes)]
    same_day = [later - earlier for earlier, later in pairwise(times)]
    any_day = not (_has_star(fields[2]) or _has_star(fields[4]))
    starts = _dates(days, months, weekdays, any_day=any_day)
    across_days = [(b - a).days * 86400 - times[-1] + times[0] for a, b in pairwise(starts)]
    return (*same_day, *across_days)


_MACRO_FIELDS = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0", "@daily": "0 0 * * *", "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}  # fmt: skip


def _matching(field: str, low: int, high: int, words: dict[str, int]) -> set[int]:
    """The numbers that a field of a schedule matches."""
    numbers: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        low_text, _, high_text = span.partition("-")
        if low_text in "*?":
            start, end = low, high
        else:
            start = _number(low_text, words)
            end = _number(high_text, words) if high_text else (high if step else start)
        numbers.update(range(start, end + 1, int(step or 1)))
    return numbers


def _number(word: str, words: dict[str, int]) -> int:
    return words[word.lower()] if word.lower() in words else int(word)


def _has_star(field: str) -> bool:
    """Whether a field has `*` or `?`, also with a step of 1: `1-31` matches as many days, and is no star."""
    return any(re.fullmatch(r"[*?](/0*1)?", part) for part in field.split(","))


def _dates(days: set[int], months: set[int], weekdays: set[int], *, any_day: bool) -> list[date]:
    """The matching days of four years.

    Of a day of month and a day of week, either matches, unless one of them is a star. Then both must match.
    """
    start = date(2024, 1, 1)
    matching = []
    for day in (start + timedelta(days=number) for number in range(1462)):
        on_day, on_weekday = day.day in days, day.isoweekday() % 7 in weekdays
        matches = (on_day or on_weekday) if any_day else (on_day and on_weekday)
        if day.month in months and matches:
            matching.append(day)
    return matching


def _part_problem(part: str, low: int, high: int, words: dict[str, int]) -> str | None:
    """The mistake in one part of a field, or None."""
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
