"""Complete words in a shell: names from the spec, and words of the command line.

If the spec cannot be read, nothing is completed: a shell has no place for an error. A shell types a
completed word as it is, so a name from a spec is completed only if the language accepts it: another name
could be a command of the shell, or steer the terminal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from compiler.commands.spec_file import UnreadableError, nearest, read

if TYPE_CHECKING:
    from compiler.document import Node

Complete = Callable[[click.Context, click.Parameter, str], list[str]]


def _completing(names: Callable[[click.Context], Iterable[str]]) -> Complete:
    """A completion function for click: the names that start with the typed word."""

    def complete(context: click.Context, _: click.Parameter, word: str) -> list[str]:
        return [name for name in sorted(names(context)) if name.startswith(word)]

    return complete


def _accepted(names: Iterable[str], pattern: str) -> set[str]:
    """The names that the language accepts."""
    return {name for name in names if re.fullmatch(pattern, name)}


def _environments(context: click.Context) -> Iterable[str]:
    from compiler.spec.types import NAME_PATTERN

    spec = _spec(context)
    node = spec.child("environments") if spec else None
    if node is None:
        return ["default"] if spec else []
    return _accepted((name for name, _ in node.entries()), NAME_PATTERN)


def _instances(*sections: str) -> Callable[[click.Context], Iterable[str]]:
    """The names of instances in these sections, in the base and in every environment."""

    def names(context: click.Context) -> set[str]:
        from compiler.spec.types import NAME_PATTERN

        spec = _spec(context)
        environments = spec.child("environments") if spec else None
        layers = [spec, *(node for _, node in environments.entries())] if environments else [spec]
        nodes = [layer.child(section) for layer in layers if layer for section in sections]
        entries = (name for node in nodes if node for name, _ in node.entries())
        return _accepted(entries, NAME_PATTERN)

    return names


def _spec(context: click.Context) -> Node | None:
    """The value of `spec` in the file of the command; None if it cannot be read."""
    from compiler.diagnostics import Report
    from compiler.load import load

    file = _file(context)
    try:
        document = load(read(file), str(file), Report())
    except UnreadableError:
        return None
    return document.child("spec") if document else None


def _file(context: click.Context) -> Path:
    return context.params.get("file") or nearest()


def _secrets(context: click.Context) -> Iterable[str]:
    from compiler import pipeline
    from compiler.spec.types import HOST_PATTERN

    file, environment = _file(context), context.params.get("environment")
    try:
        result = pipeline.with_objects(pipeline.checked_text(read(file), str(file)))
    except UnreadableError:
        return ()
    lowered = (result for name, result in result.lowered.items() if environment in (None, name))
    names = (credential.name for result in lowered for credential in result.credentials)
    return _accepted(names, HOST_PATTERN)


def _explained(_: click.Context) -> Iterable[str]:
    from compiler.diagnostics.codes import CODES
    from compiler.reference import paths

    return {*CODES, *paths()}


def _examples(_: click.Context) -> Iterable[str]:
    from compiler.commands.examples import examples

    return examples()


def _verbs(context: click.Context) -> Iterable[str]:
    command: click.Command | None = context.find_root().command
    for word in context.params.get("words") or ():
        command = command.get_command(context, word) if isinstance(command, click.Group) else None
    return command.list_commands(context) if isinstance(command, click.Group) else ()


environments = _completing(_environments)
instances = _completing(_instances("components", "workloads", "models"))
clients = _completing(_instances("workloads", "models"))
secrets = _completing(_secrets)
examples = _completing(_examples)
explained = _completing(_explained)
verbs = _completing(_verbs)
