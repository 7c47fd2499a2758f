"""Merge an override into the base, and find the values that came from an override."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.diagnostics.fix import Edit, Fix
from compiler.diagnostics.misspelt_keys import key_correction, suggested_key
from compiler.document import MergedNode, Node, Path
from compiler.document.span import Span


def merge(base: Node, override: Node, path: Path, report: Report) -> Node:
    """Merge an override into a node: maps merge, null removes, all other values replace."""
    if not isinstance(base.value, dict) or not isinstance(override.value, dict):
        return override
    items, keys = dict(base.value), dict(base.keys)
    for key, node in override.value.items():
        if node.value is None and not node.written:
            _no_value(override, key, path, report)
        elif node.value is None:
            if key not in items:
                _nothing_to_remove(base, override, key, path, report)
            items.pop(key, None)
        elif key in items and not _changes_type(items[key], node, path, key):
            items[key] = merge(items[key], node, (*path, key), report)
        else:
            items[key], keys[key] = node, override.keys[key]
    return MergedNode(items, base.span, keys, base.keys, override.keys)


def overridden(document: Node, path: Path) -> Span | None:
    """Return the first position at which an environment overrides a part of a section, or None."""
    section = document.at(path)
    for key, inner in section.entries():
        at = (*path, key)
        spans = (document.span_of(at), document.value_span(at))
        overrides = (span for span in spans if not _contains(section.span, span))
        below = overridden(document, at) if isinstance(inner.value, dict) else None
        position = next(overrides, below)
        if position is not None:
            return position
    return None


def _contains(outer: Span, inner: Span) -> bool:
    return outer.line <= inner.line <= outer.end_line


def _changes_type(base: Node, override: Node, path: Path, key: str) -> bool:
    """Whether the override has another type than the instance, and so replaces all of it.

    A component without a type has its key as type.
    """
    if path[3:] != ("components",):
        return False
    new, old = override.child("type"), base.child("type")
    return new is not None and new.value != (old.value if old else key)


def _no_value(override: Node, key: str, path: Path, report: Report) -> None:
    report.add(
        "null-value",
        f"`{key}` has no value",
        override.keys[key],
        path=(*path, key),
        help=f"write `{key}: null` to remove the base's value, or delete this line",
    )


def _nothing_to_remove(base: Node, override: Node, key: str, path: Path, report: Report) -> None:
    suggested = suggested_key(override, key, base.keys)
    report.add(
        "nothing-to-remove",
        f"`{key}: null` removes a key that the base does not have",
        override.keys[key],
        path=(*path, key),
        help=suggested or "delete this line",
        fix=key_correction(override, key, base.keys) if suggested else _removal(override, key),
    )


def _removal(override: Node, key: str) -> Fix | None:
    """The edit that deletes a key. A block must not lose its last key: it would become null."""
    only_key = len(override.keys) == 1 and not override.flow
    return None if only_key else Fix(override.entry_span((key,)), edit=Edit.REMOVE)
