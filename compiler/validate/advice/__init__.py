"""Advice for keys of other tools that the language expresses differently, or not at all.

Keys with the same meaning are in `diagnostics/synonyms.py` and are corrected. The keys here have
another meaning, belong elsewhere, or are derived, so a similar spelling would mislead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler.diagnostics.words import normalised
from compiler.document.flow_style import PLACEHOLDER, flow_style
from compiler.validate.advice.by_value import BY_VALUE
from compiler.validate.advice.texts import TEXTS
from compiler.validate.advice.unknown_key import UnknownKey

_AMOUNTS = {
    "cpu": "cpu",
    "memory": "memory",
    "ram": "memory",
    "ephemeralstorage": "ephemeralStorage",
}


def advice(unknown: UnknownKey) -> str | None:
    """The help for an unknown key, in addition to the section's keys."""
    word = normalised(unknown.name)
    if word in _AMOUNTS:
        return _compute(unknown.keys, unknown.neighbours)
    by_value = BY_VALUE.get(word)
    return (by_value(unknown) if by_value else None) or TEXTS.get(word)


def is_amount(key: str) -> bool:
    """Whether a key names an amount of a pod's compute, which stands beside others."""
    return normalised(key) in _AMOUNTS


def has_advice(key: str) -> bool:
    """Whether a key is a word of other tools with a different meaning."""
    return normalised(key) in (BY_VALUE.keys() | TEXTS.keys() | _AMOUNTS.keys())


def _compute(keys: tuple[str, ...], neighbours: Mapping[str, Any]) -> str | None:
    """All amounts of a map as one `requests`, because a second line with this key would be refused."""
    amounts = {
        _AMOUNTS[normalised(key)]: _amount(value)
        for key, value in neighbours.items()
        if key not in keys and normalised(key) in _AMOUNTS
    }
    resources = neighbours.get("resources") if "resources" in keys else neighbours
    earlier = resources.get("requests") if isinstance(resources, dict) else None
    line = f"requests: {flow_style({**(earlier if isinstance(earlier, dict) else {}), **amounts})}"
    if "requests" in keys:
        return f"write `{line}`"
    if "resources" not in keys:
        return None
    return f"write `{line}` under `resources`" if resources else f"write `resources: {{{line}}}`"


def _amount(value: Any) -> Any:
    """An amount as a user writes it: a number without quotes."""
    if isinstance(value, str) and value.replace(".", "", 1).isdecimal():
        return float(value) if "." in value else int(value)
    return value if isinstance(value, (str, int, float)) else PLACEHOLDER
