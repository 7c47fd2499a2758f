"""Report a component of an unknown type, with the text to type instead."""

from __future__ import annotations

from compiler import registry
from compiler.diagnostics import Report
from compiler.diagnostics.misspelt_keys import possible, there_already
from compiler.diagnostics.words import closest, correction, listing, suggestion
from compiler.document import Node, Path


def report_unknown_type(
    type: str, type_node: Node | None, path: Path, document: Node, report: Report
) -> None:
    from compiler.upstream.other_systems import instead_of  # only mistakes need it

    types, span = registry.all_types(), type_node.span if type_node else document.span_of(path)
    instead, fix = instead_of(type), correction(span, type, types)
    if type_node is None:
        fix = possible(document.at(path[:-1]), type, fix)
    report.add(
        "unknown-type",
        f"`{type}` is not a component type",
        span,
        path=path,
        help=instead or _help_for_type(type, types, None if type_node else document.at(path[:-1])),
        fix=None if instead else fix,
    )


def _help_for_type(type: str, types: tuple[str, ...], section: Node | None) -> tuple[str, ...]:
    """The text to type for a component of an unknown type; `section` has its key, if that was read as the type."""
    part = next((union for union in reversed(types) if union in _beginnings_and_ends(type)), None)
    if section is None:
        return suggestion(type, types) or (f"the types are {listing(types)}",)
    if part:
        return (f"write `{type}: {{type: {part}, ...}}`: a name that is no type says its type",)
    close = closest(type, types)
    if close and section.has_both(type, close):
        another = f"write `{type}: {{type: {close}, ...}}` for a second `{close}`"
        return (there_already(close), another)
    return suggestion(type, types) or (f"the types are {listing(types)}",)


def _beginnings_and_ends(name: str) -> set[str]:
    """The beginnings and ends of a name, cut at its dashes."""
    words = name.split("-")
    cuts = range(1, len(words))
    return {"-".join(part) for cut in cuts for part in (words[:cut], words[cut:])}
