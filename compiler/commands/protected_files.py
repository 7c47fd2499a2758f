"""Report the files in the output that platformc must not overwrite: edited by hand, merged, or not its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from compiler.diagnostics import Report
from compiler.document.span import Span
from compiler.write.plan import Plan

_MOST_FILES = 100  # the most files that a message names


def report_protected(planned: Plan, root: Path, command: str, report: Report) -> None:
    """Report these files. `command` with `--force` overwrites those that are in the way of output."""
    overwrite = f"`{command} --force`; nothing was written"
    remedy = f"or overwrite it with {overwrite}"
    for path in sorted(planned.merged):
        report.add(
            "edited-output",
            f"git merged `{path}` since it was compiled",
            Span.of_file(root / path),
            help=f"resolve the conflicts of the spec, then write the file anew with {overwrite}",
        )
    for path in sorted({*planned.edited} - planned.merged):
        report.add(
            "edited-output",
            f"`{path}` was edited by hand since it was compiled",
            Span.of_file(root / path),
            help=f"move the change into the spec (`patches:` reaches every object), {remedy}",
        )
    for path in sorted({*planned.foreign} - planned.merged):
        report.add(
            "foreign-file",
            f"`{path}` is in the way of output and was not written by platformc",
            Span.of_file(root / path),
            help=f"move the file away, {remedy}",
        )
    _report_stray(planned.stray, root, report)


def _report_stray(paths: Sequence[str], root: Path, report: Report) -> None:
    """Report the foreign files that would be delivered together with the output."""
    for path in paths[:_MOST_FILES]:
        report.add(
            "foreign-file",
            f"`{path}` stands among the output and was not written by platformc",
            Span.of_file(root / path),
            help="move the file away: a delivery of the folder would take it along",
        )
    if len(paths) > _MOST_FILES:
        message = f"{len(paths) - _MOST_FILES} files more stand among the output"
        report.add("foreign-file", message, help="move them away")
