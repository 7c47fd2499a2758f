"""Turn the errors of a section into diagnostics, each with code, message, position and help."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace
from pydantic import ValidationError

from compiler.diagnostics import Report
from compiler.diagnostics.masking import MASK, leads_to_secret, respells, value_masked
from compiler.diagnostics.words import closest
from compiler.document import Node, Path
from compiler.document.outdented import indent
from compiler.spec.section import Section
from compiler.validate.advice import is_amount
from compiler.validate.corrections import correction_of
from compiler.validate.errors import FieldError, Loc, field_errors
from compiler.validate.help_for_keys import candidate_keys
from compiler.validate.merged_maps import merge_of
from compiler.validate.misplaced import is_below_spec, outdented_keys, spec_is_missing
from compiler.validate.reasons import reason_of


def report_errors(
    error: ValidationError, section: type[Section], path: Path, document: Node, report: Report
) -> None:
    """Report all errors of parsing the value at a path as a section."""
    errors = [
        _with_map(field_error, path, document) for field_error in field_errors(error, section)
    ]
    outdented = dict(outdented_keys(errors, document, path))
    hidden = {(*loc[:-1], key) for loc, keys in outdented.items() for key in keys}
    hidden |= spec_is_missing(errors, document, report)
    for field_error in _causes(errors):
        if field_error.loc in outdented:
            _report_outdented(field_error.loc, outdented[field_error.loc], path, document, report)
        elif field_error.loc not in hidden:
            _report(field_error, path, document, report)


def _with_map(error: FieldError, path: Path, document: Node) -> FieldError:
    """An error of an unknown key with its map; of an amount with the map's values, which may belong together."""
    if error.type != "extra_forbidden":
        return error
    node = document.at((*path, *error.loc[:-1]))
    amounts = is_amount(str(error.loc[-1])) and isinstance(node.value, dict)
    return replace(error, node=node, neighbours=node.plain() if amounts else {})


def _report_outdented(
    loc: Loc, keys: Sequence[str], path: Path, document: Node, report: Report
) -> None:
    full = (*path, *loc)
    report_empty_key(full, document, report, indent(keys, str(loc[-1])))


def report_empty_key(full: Path, document: Node, report: Report, help: str) -> None:
    """Report a key without a value."""
    message = f"`{full[-1]}` has no value"
    report.add("null-value", message, document.span_of(full), path=full, help=help)


def _causes(errors: Sequence[FieldError]) -> Iterator[FieldError]:
    """The errors, without missing keys that are only misspelt."""
    unknown = [error for error in errors if error.type == "extra_forbidden"]
    misspelt = {(*error.loc[:-1], closest(str(error.loc[-1]), error.keys)) for error in unknown}
    if any(map(is_below_spec, unknown)):
        misspelt.add(("spec",))
    replaced = {error.loc[:-1] for error in unknown if error.loc[-1] in error.other_forms}
    for error in errors:
        if error.type != "missing" or not (error.loc in misspelt or error.loc[:-1] in replaced):
            yield error


def _report(error: FieldError, path: Path, document: Node, report: Report) -> None:
    """Add the diagnostic of one error, without a text that would repeat a credential."""
    full = (*path, *error.loc)
    scalar = isinstance(error.value, (str, int, float)) and not isinstance(error.value, bool)
    if error.type == "extra_forbidden" and scalar and leads_to_secret(full):
        # The texts are about the key. With the value in them, each word of theirs that equals it would be hidden.
        error = replace(error, value=MASK)
    code, message, help = reason_of(error, full)
    message = value_masked(message, full, error.value)
    on_key = error.on_key or code in ("unknown-key", "missing-key", "null-value")
    span = document.span_of(full) if on_key else document.value_span(full)
    fix = correction_of(error, candidate_keys(error), document, full)
    value = error.value if isinstance(error.value, str) else ""
    respelt = respells(value, re.compile(re.escape(value)) if leads_to_secret(full) else None)
    lines = [line for line in ((help,) if isinstance(help, str) else help) if not respelt(line)]
    fix = None if fix is None or respelt(fix.text) else fix
    merge = merge_of(error, full, document)
    if merge is None:
        report.add(code, message, span, path=full, help=tuple(lines), fix=fix)
        return
    lines = [merge.help, *(lines if error.type != "missing" else ())]
    report.add(code, message, merge.span, path=full, help=lines, related=[merge.related])
