"""A topic as a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.reference import Field, Slot, Topic


def page(of: Topic) -> str:
    """The page of a component or a section: an example, its protocols, and every field."""
    return "\n".join(_page(of)) + "\n"


def _page(of: Topic) -> Iterator[str]:
    yield f"# {of.name}\n"
    yield f"{of.summary}\n"
    yield f"It stands at `{of.section}`. In a terminal: `platformc explain {of.name}`.\n"
    if of.requires:
        yield "## What it requires\n"
        yield from map(_slot, of.requires)
        yield ""
    if of.provides:
        yield "## What it provides\n"
        yield from map(_slot, of.provides)
        yield ""
    for title, fields in (("Fields", of.own), ("Fields that most components have", of.common)):
        if fields:
            yield f"## {title}\n"
            for field in fields:
                yield from _field(field, of, 3)


def _slot(slot: Slot) -> str:
    others = ", ".join(f"[{other}]({other}.md)" for other in slot.others)
    return f"- `{slot.name}`, by the protocol `{slot.protocol}`" + (f": {others}" if others else "")


def _field(field: Field, of: Topic, depth: int) -> Iterator[str]:
    local = field.path.removeprefix(f"{of.name}.")
    yield f"{'#' * min(depth, 6)} `{local}` {{: #{anchor(local)} }}\n"
    if field.description:
        yield f"{_safe(field.description)}\n"
    facts = [f"**Type:** {_safe(field.type)}"]
    if field.default:
        facts.append(f"**Default:** `{field.default}`")
    if field.required:
        facts.append("**Required**")
    facts.append(f"**Example:** `{field.key}: {field.example}`")
    if field.derived:
        facts.append(f"**Derived from it:** {', '.join(field.derived)}")
    if field.since:
        facts.append(f"**Since:** {field.since}")
    yield "<br>\n".join(facts) + "\n"
    for inner in field.fields:
        yield from _field(inner, of, depth + 1)


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
