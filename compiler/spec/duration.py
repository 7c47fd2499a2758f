"""Read durations of the language, `90s`, `15m`, `6h` or `1d`, and recognise other notations."""

from __future__ import annotations

import re

# Up to 273 years: Go's programs count nanoseconds in 64 bits, and read a longer one as a negative time (time.Duration).
PATTERN = r"[1-9][0-9]{0,4}d|[1-9][0-9]{0,5}[smh]"
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPOKEN = re.compile(
    r"([0-9]{1,6}) ?(s|sec|second|m|min|minute|h|hr|hour|d|day)s?(?=[ 0-9]|$) ?", re.IGNORECASE
)


def suggestion(text: str) -> str | None:
    """The duration that a text in another notation means: `90min`, `6 hours`, `1h30m`."""
    parts = [match.groups() for match in _SPOKEN.finditer(text)]
    if not parts or _SPOKEN.sub("", text):
        return None
    amounts = [(int(count), unit[0].lower()) for count, unit in parts]
    total = sum(count * _SECONDS[unit] for count, unit in amounts)
    # In its smallest unit, such as `90m` for `1h30m`.
    unit = min((unit for _, unit in amounts), key=_SECONDS.__getitem__)
    written = f"{total // _SECONDS[unit]}{unit}"
    return written if re.fullmatch(PATTERN, written) else None


def seconds(duration: str) -> int:
    """The length of a duration in seconds."""
    return int(duration[:-1]) * _SECONDS[duration[-1]]
