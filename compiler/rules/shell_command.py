"""Shell syntax where no shell runs: a command line in one word, or operators as words."""

from __future__ import annotations

from typing import Any

from compiler.check.texts import words
from compiler.diagnostics import Report
from compiler.model import Instance, Path, Platform

_OPERATORS = {"&&", "||", "|", ">", ">>", "2>&1"}


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    command: tuple[str, ...] = getattr(instance.spec, "command", ())
    if len(command) == 1 and " " in command[0].strip():
        _report(
            f"`{instance.name}` would run a program with spaces in its name",
            "write it word by word, such as `[python, train.py]`, or begin with `sh, -c`",
            ("command", 0), instance, platform, report,
        )  # fmt: skip
    for path, word in words(instance, in_shell=False):
        if word in _OPERATORS:
            _report(
                f"`{word}` is an argument of the program: no shell reads the command of `{instance.name}`",
                'write `[sh, -c, "..."]` with the whole command line as the last word',
                path, instance, platform, report,
            )  # fmt: skip
            return


def _report(
    message: str, help: str, path: Path, instance: Instance[Any], platform: Platform, report: Report
) -> None:
    full = (*instance.path, *path)
    span = platform.document.value_span(full)
    report.add("shell-command", message, span, path=full, help=help)
