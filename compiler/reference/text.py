"""A topic or a field for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from compiler.reference import Field, Slot, Topic

_WIDTH = 90


def topic(of: Topic) -> str:
    """A component or a section, with a line for each of its fields."""
    return "".join(f"{line}\n" for line in _topic(of))


def _topic(of: Topic) -> Iterator[str]:
    yield of.section
    yield from _indented(of.summary)
    for title, slots in (("requires", of.requires), ("provides", of.provides)):
        if slots:
            yield ""
            yield f"{title}:"
            yield from (f"  {_slot(slot)}" for slot in slots)
    fields = of.own or of.common
    yield ""
    yield "fields:"
    yield from _list(fields)
    if of.own and of.common:
        yield ""
        yield f"and what most components have: {', '.join(field.key for field in of.common)}"
    first = fields[0]
    front = "" if of.name == "spec" else f"{of.name}."
    yield ""
    yield f"one of them in full: platformc explain {front}{first.path.removeprefix(front)}"


def _slot(slot: Slot) -> str:
    others = f", from {', '.join(slot.others)}" if slot.others else ""
    return f"{slot.name}: {slot.protocol}{others}"


def _list(fields: Sequence[Field]) -> Iterator[str]:
    width = max(len(field.key) for field in fields)
    for field in fields:
        mark = " (required)" if field.required else f" [{field.default}]" if field.default else ""
        lines = wrap(f"{field.description}{mark}", _WIDTH - width) or [field.type]
        yield f"  {field.key:<{width}}  {lines[0]}"
        yield from (f"  {'':<{width}}  {line}" for line in lines[1:])


def field(of: Field) -> str:
    """A field in full."""
    return "".join(f"{line}\n" for line in _field(of))


def _field(of: Field) -> Iterator[str]:
    yield of.path
    yield from _indented(of.description)
    yield ""
    yield f"  type:     {of.type}"
    if of.default:
        yield f"  default:  {of.default}"
    elif of.required:
        yield "  required"
    yield f"  example:  {of.key}: {of.example}"
    yield f"  since:    {of.since}"
    if of.fields:
        yield ""
        yield "fields:"
        yield from _list(of.fields)


def _indented(text: str) -> Iterator[str]:
    yield from (f"  {line}" for line in wrap(text, _WIDTH))
