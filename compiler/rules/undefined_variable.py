"""`$(NAME)` of a variable that does not exist: Kubernetes passes the text on unchanged.

A value may refer to variables that come before it. The variables that a user writes follow the derived
ones and are sorted by name (Kubernetes API, EnvVar.value). The Job controller appends the index of a pod
to the variables of each of its containers (Kubernetes 1.34, indexed_job_utils.go), so command lines
may refer to it and other variables may not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from compiler import kube
from compiler.check.texts import variables, words
from compiler.diagnostics import Report
from compiler.diagnostics.words import suggestion
from compiler.interfaces import serving
from compiler.model import Graph, Instance, Path, Platform
from compiler.tenants.programs import endpoints, programs

_REFERENCE = re.compile(r"(?<!\$)\$\(([A-Za-z_][A-Za-z0-9_]*)\)")
_INDEX = "JOB_COMPLETION_INDEX"
Mistake = tuple[str, str | tuple[str, ...]]  # the end of the message, and the help


class Reference(Struct, frozen=True):
    """A text that refers to a variable."""

    path: Path  # below the instance
    name: str
    reader: str | None  # the variable that has the text as its value, if one has


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for instance in platform.instances.values():
        judged = _judged_programs(instance)
        references = list(_references(instance)) if judged else []
        # Most programs refer to no variable, and their bindings need not be read.
        for path, program in judged if references else ():
            derived = {
                v.name
                for used in endpoints(path, instance, graph.wiring(instance.name))
                for v in used.variables
            }
            defined = derived | (_preset(instance) - program.env.keys())
            for reference in references:
                if reference.path[: len(path)] == path and not _is_of_transformer(reference, path):
                    _report(instance, program, defined, reference, platform, report)


def _judged_programs(instance: Instance[Any]) -> Sequence[tuple[Path, Any]]:
    """The programs of an instance whose variables are known: a serving runtime adds further ones to its models."""
    if instance.section == "workloads":
        return programs(instance)
    if instance.section != "models":
        return ()
    main, *further = programs(instance)
    return further if instance.spec.image is None else (main, *further)


def _is_of_transformer(reference: Reference, path: Path) -> bool:
    return not path and reference.path[0] == "transformer"


def _preset(instance: Instance[Any]) -> set[str]:
    """The variables of every program in an image of the user's."""
    if instance.section == "workloads":
        return {variable.name for variable in kube.user_env(instance.name)}
    return {*serving.OF_SYSTEMS, *(variable.name for variable in kube.name_env(instance.name))}


def _report(
    instance: Instance[Any], program: Any, defined: set[str], reference: Reference,
    platform: Platform, report: Report,
) -> None:  # fmt: skip
    mistake = _mistake(program, defined, reference)
    if mistake is None:
        return
    path = (*instance.path, *reference.path)
    report.add(
        "undefined-variable",
        f"`$({reference.name})` is {mistake[0]}",
        platform.document.value_span(path),
        path=path,
        help=mistake[1],
    )


def _references(instance: Instance[Any]) -> Iterator[Reference]:
    """Each reference in the command lines, the init steps and the variables of an instance's programs."""
    outside_shells = {path for path, _ in words(instance, in_shell=False)}
    for path, text in words(instance):
        for name in _REFERENCE.findall(text):
            # `$(date)` in a line of a shell is a command, which Kubernetes leaves to the shell.
            if path in outside_shells or name != name.lower():
                yield Reference(path, name, None)
    for path, text in variables(instance):
        for name in _REFERENCE.findall(text):
            yield Reference(path, name, str(path[-1]))


def _mistake(program: Any, defined: set[str], reference: Reference) -> Mistake | None:
    """The problem of a reference to a variable that its reader does not see."""
    env, name, reader = program.env, reference.name, reference.reader
    index = {_INDEX} if getattr(program, "completions", 1) > 1 else set()
    preceding = index | env.keys() if reader is None else {key for key in env if key < reader}
    visible = defined | preceding
    if name in visible:
        return None
    if name in env:
        help = "rename one of the two: variables are in the order of their names"
        return "set after the variable that reads it", help
    if name in index:
        return "set after all other variables", "read it in `args`, or in the program"
    help = "set it in `env`, or write `$$(...)` where the text is meant as it is"
    return "not set in this pod", suggestion(name, visible) or help
