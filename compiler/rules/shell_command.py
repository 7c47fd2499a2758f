"""A whole command line as one word: Kubernetes looks for a program with spaces in its name."""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Report
from compiler.model import Instance, Path, Platform


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    command: tuple[str, ...] = getattr(instance.spec, "command", ())
    if len(command) == 1 and " " in command[0].strip():
        path: Path = (*instance.path, "command", 0)
        report.add(
            "shell-command",
            f"`{instance.name}` would run a program with spaces in its name",
            platform.document.value_span(path),
            path=path,
            help="write it word by word, such as `[python, train.py]`, or begin with `sh, -c`",
        )
