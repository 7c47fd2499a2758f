"""A whole command line as one word: Kubernetes looks for a program of that name, spaces and all."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.model import Graph, Path, Platform


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for instance in platform.instances.values():
        command: tuple[str, ...] = getattr(instance.spec, "command", ())
        if len(command) == 1 and " " in command[0].strip():
            path: Path = (*instance.path, "command", 0)
            report.add(
                "shell-command",
                f"`{instance.name}` would run a program whose name has spaces in it",
                platform.document.value_span(path),
                path=path,
                help="write it word by word, such as `[python, train.py]`, or begin with `sh, -c`",
            )
