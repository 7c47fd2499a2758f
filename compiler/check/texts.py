"""Collect the texts that the programs of an instance get: variables, arguments and commands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.model import Instance, Path
from compiler.tenants.programs import programs

_COMMAND_LINES = {"command", "args", "init"}
_SHELLS = {"sh", "bash", "ash", "dash", "zsh", "ksh"}


def variables(instance: Instance[Any]) -> Iterator[tuple[Path, str]]:
    """Each variable of a literal value, with its path below the instance."""
    for path, program in programs(instance):
        written = "env" in program.model_fields_set
        for name, value in program.env.items() if written else ():
            if isinstance(value, str):
                yield (*path, "env", name), value


def words(instance: Instance[Any], *, in_shell: bool = True) -> Iterator[tuple[Path, str]]:
    """Each word of an instance's command lines and init steps, with its path below the instance.

    Without `in_shell`, command lines that a shell reads are left out.
    """
    for path, program in programs(instance):
        # Of a thousand models, few have one.
        if not _COMMAND_LINES.isdisjoint(program.model_fields_set):
            yield from _words(path, program, in_shell=in_shell)


def _words(path: Path, program: Any, *, in_shell: bool) -> Iterator[tuple[Path, str]]:
    steps = (((*path, "init", at), step) for at, step in enumerate(getattr(program, "init", ())))
    for start, holder in (path, program), *steps:
        line = [
            ((*start, key, at), word)
            for key in ("command", "args")
            for at, word in enumerate(getattr(holder, key, ()))
        ]
        if in_shell or not _has_shell(word for _, word in line):
            yield from line


def texts(instance: Instance[Any]) -> Iterator[tuple[Path, str]]:
    """Variables and words."""
    yield from variables(instance)
    yield from words(instance)


def _has_shell(line: Iterator[str]) -> bool:
    """Whether a shell, or another interpreter, reads one of the words as a program."""
    return any(word == "-c" or word.rpartition("/")[2] in _SHELLS for word in line)
