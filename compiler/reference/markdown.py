"""Write a topic as a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.reference import Field, Slot, Topic


def page(topic: Topic) -> str:
    """The page of a component or a section: an example, its protocols, and every field."""
    return "\n".join(_page(topic)) + "\n"


def _page(topic: Topic) -> Iterator[str]:
    yield f"# {topic.name}\n"
    yield f"{topic.summary}\n"
    yield f"It stands at `{topic.section}`. In a terminal: `platformc explain {topic.name}`.\n"
    if topic.requires:
        yield "## What it requires\n"
        yield from map(_slot, topic.requires)
        yield ""
    if topic.provides:
        yield "## What it provides\n"
        yield from map(_slot, topic.provides)
        yield ""
    for title, fields in (
        ("Fields", topic.own_fields),
        ("Fields that most components have", topic.common),
    ):
        if fields:
            yield f"## {title}\n"
            for field in fields:
                yield from _field(field, topic, 3)


def _slot(slot: Slot) -> str:
    links = ", ".join(f"[{name}]({name}.md)" for name in slot.partners)
    return f"- `{slot.name}`, by the protocol `{slot.protocol}`" + (f": {links}" if links else "")


def _field(field: Field, topic: Topic, depth: int) -> Iterator[str]:
    local = field.path.removeprefix(f"{topic.name}.")
    yield f"{'#' * min(depth, 6)} `{local}` {{: #{anchor(local)} }}\n"
    if field.description:
        yield f"{_safe(field.description)}\n"
    facts = [f"**Type:** {_safe(field.type)}"]
    if field.default:
        facts.append(f"**Default:** `{field.default}`")
    if field.required:
        facts.append("**Required**")
    facts.append(f"**Example:** `{field.key}: {field.example}`")
    if field.words:
        facts.append(f"**Such as:** {', '.join(f'`{word}`' for word in field.words)}")
    if field.derived:
        facts.append(f"**Derived from it:** {', '.join(field.derived)}")
    if field.since:
        facts.append(f"**Since:** {field.since}")
    yield "<br>\n".join(facts) + "\n"
    for inner in field.fields:
        yield from _field(inner, topic, depth + 1)


def anchor(path: str) -> str:
    """The anchor of a field on its page, which links and editors name."""
    return path.replace(".", "-")


def _safe(text: str) -> str:
    """Text in which nothing but code is markup."""
    parts = text.split("`")
    return "`".join(
        part if at % 2 else part.replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")
        for at, part in enumerate(parts)
    )
