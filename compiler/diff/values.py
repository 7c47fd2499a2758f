"""Write the difference of one field: the added and the removed parts, instead of two truncated texts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from difflib import unified_diff
from typing import Any

from compiler.model.effects import FieldChange

_LONGEST = 72  # characters of a value on a line, after its path
_MOST_LINES = 12
_CONTEXT = 16  # characters shown around the place where two long texts differ
_FEWEST_ELEMENTS = 3  # a text with so many elements between commas is shown as a list


def lines(field: FieldChange) -> Iterator[str]:
    """A field on a line; several lines for a file, and for a value with parts."""
    path = readable_path(field.path)
    before, after = field.before, field.after
    if isinstance(before, str) and isinstance(after, str):
        yield from _text(path, before, after)
    elif _nested(before) or _nested(after):
        yield from _parts(path, before, after)
    else:
        yield f"{path}: {_scalar(before, after)}"


def element(field: FieldChange) -> str:
    """An added or removed element of a list by its name, with its value if it has no other field."""
    sign, content = ("+", field.after) if field.before is None else ("-", field.before)
    text = f"={value(content['value'])}" if content.keys() == {"name", "value"} else ""
    return f"{sign} {content['name']}{text}"


def readable_path(path: str) -> str:
    return path.replace("/", ".").replace("~1", "/")


def _nested(value: Any) -> bool:
    return isinstance(value, (dict, list)) and bool(value)


def _scalar(before: Any, after: Any) -> str:
    if before is None:
        return f"+ {value(after)}"
    if after is None:
        return f"- {value(before)}"
    return f"{value(before)} -> {value(after)}"


def _text(path: str, before: str, after: str) -> Iterator[str]:
    if "\n" in before:
        yield f"{path}:"
        yield from _first_lines(_changed_lines(before, after), "lines")
    elif max(before.count(","), after.count(",")) + 1 >= _FEWEST_ELEMENTS:
        yield f"{path}: {_elements(before.split(','), after.split(','))}"
    elif max(len(before), len(after)) > _LONGEST:
        yield f"{path}: {_around_difference(before, after)}"
    else:
        yield f"{path}: {_scalar(before, after)}"


def _changed_lines(before: str, after: str) -> list[str]:
    diff = unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [f"  {line}" for line in diff if not line.startswith(("---", "+++", "@@"))]


def _around_difference(before: str, after: str) -> str:
    """The parts of two long texts around the place where they differ."""
    shortest = min(len(before), len(after))
    start = next((at for at in range(shortest) if before[at] != after[at]), shortest)
    offset = max(0, start - _CONTEXT)
    cut = (f"{'...' if offset else ''}{text[offset:]}" for text in (before, after))
    return " -> ".join(map(value, cut))


def _parts(path: str, before: Any, after: Any) -> Iterator[str]:
    """The parts that only one of two values has, each with its path without indices of lists."""
    old, new_leaves = Counter(_leaves(before)), Counter(_leaves(after))
    changed = {leaf_path for leaf_path, _ in (old - new_leaves) + (new_leaves - old)}
    if not changed:
        yield f"{path}: the same elements in another order"
    lines: list[str] = []
    for leaf_path in sorted(changed):
        removed = [leaf for (at, leaf), _ in (old - new_leaves).items() if at == leaf_path]
        new = [leaf for (at, leaf), _ in (new_leaves - old).items() if at == leaf_path]
        full_path = f"{path}.{leaf_path}" if leaf_path else path
        if len(removed) == len(new) == 1:
            lines += _text(full_path, removed[0], new[0])
        else:
            lines.append(f"{full_path}: {_signed(removed, new)}")
    yield from _first_lines(lines, "parts")


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each scalar inside a value, with its path; elements of a list have the path of the list."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for inner in value:
            yield from _leaves(inner, path)
    elif value is not None:
        yield path, value if isinstance(value, str) else json.dumps(value, default=str)


def _elements(before: list[str], after: list[str]) -> str:
    """The elements that only one of two lists has; both lists if only their order differs."""
    removed = [element for element in before if element not in after]
    new = [element for element in after if element not in before]
    return _signed(removed, new) or _scalar(",".join(before), ",".join(after))


def _signed(removed: list[str], new: list[str]) -> str:
    signed = [("-", element) for element in removed] + [("+", element) for element in new]
    return ", ".join(f"{sign} {value(element)}" for sign, element in signed)


def _first_lines(lines: list[str], counted: str) -> Iterator[str]:
    yield from lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        yield f"  and {len(lines) - _MOST_LINES} {counted} more"


def value(content: Any) -> str:
    """A value on one line, shortened if it is long."""
    text = _one_line(content)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _one_line(content: Any) -> str:
    text = content if isinstance(content, str) and content else json.dumps(content, default=str)
    return " ".join(text.split())
