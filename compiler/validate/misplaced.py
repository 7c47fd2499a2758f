"""Find right keys at the wrong indentation, so that one mistake of layout is reported once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compiler import registry
from compiler.diagnostics import Report
from compiler.diagnostics.words import listing
from compiler.document import Node, Path
from compiler.document.outdented import indent, outdented
from compiler.spec.root import Header, Shape
from compiler.spec.section import Section, fields
from compiler.specialise.instances import PROOF
from compiler.validate.corrections import EMPTY
from compiler.validate.errors import FieldError, Loc

BELOW_SPEC = (*(key for _, key, _ in fields(Shape)), "environments")


def outdented_keys(
    errors: Sequence[FieldError], document: Node, path: Path
) -> Iterator[tuple[Loc, tuple[str, ...]]]:
    """The empty keys of a section, each with the unknown keys after it that it should contain."""
    unknown = {error.loc for error in errors if error.type == "extra_forbidden"}
    for error in errors:
        if error.loc and error.value is None and EMPTY.get(error.type) == "{}":
            frame = error.loc[:-1]
            siblings = {loc[-1] for loc in unknown if loc[:-1] == frame}
            keys = outdented(
                document.at((*path, *frame)), str(error.loc[-1]), siblings.__contains__
            )
            if keys:
                yield error.loc, keys


def outdented_fields(section: Node, name: str, model: type[Section]) -> tuple[str, ...]:
    """The keys of an instance that stand in the column of its name instead of below it."""
    keys = {key for _, key, _ in fields(model)}
    return outdented(section, name, keys.__contains__)


def spec_is_missing(errors: Sequence[FieldError], document: Node, report: Report) -> set[Loc]:
    """Report a missing `spec:` once. Returns the locations of the errors that follow from it."""
    if ("spec",) not in {error.loc for error in errors if error.type == "missing"}:
        return set()
    unknown = [error for error in errors if error.type == "extra_forbidden"]
    top = [error.loc for error in unknown if is_below_spec(error)]
    inside = [error.loc for error in unknown if error.loc[:-1] == ("metadata",)]
    inside = [loc for loc in inside if loc[-1] in BELOW_SPEC]
    moved = top or inside
    if not moved:
        return set()
    span = document.span_of(moved[0])
    layout = "and indent these keys below it" if top else "at the left margin"
    report.add(
        "missing-key",
        f"{listing(f'{loc[-1]}:' for loc in moved)} "
        f"{'belongs' if len(moved) == 1 else 'belong'} below `spec:`, which is missing",
        span,
        path=moved[0],
        help=f"write `spec:` above line {span.line}, {layout}",
    )
    return {("spec",), *top, *inside}


def is_below_spec(error: FieldError) -> bool:
    """Whether a key at the top level belongs below `spec`."""
    return error.parent is Header and error.loc[-1] in BELOW_SPEC


def belongs_elsewhere(error: FieldError, key: str) -> str | None:
    """The help for a key below `spec`, or below an environment, that is right at another level."""
    if error.parent is not Shape or error.node is None:
        return None
    if key == "environments":
        return "an environment has no environments: delete the key"
    if key == "spec":
        return "write its keys in the place of `spec:`, without it"
    sections = [
        section
        for section in PROOF
        if (child := error.node.child(section)) is not None and child.child(key) is not None
    ]
    if not sections and key in registry.all_types():
        sections = ["components"]
    return indent((key,), sections[0]) if sections else None
