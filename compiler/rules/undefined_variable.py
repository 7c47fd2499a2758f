"""`$(NAME)` of a variable that does not exist: Kubernetes passes the text on unchanged.

A value may refer to variables that come before it. A workload's own variables follow the derived
ones and are sorted by name (Kubernetes API, EnvVar.value). The Job controller appends the index of a pod
to the variables of each of its containers (Kubernetes 1.34, indexed_job_utils.go), so command lines
may refer to it and other variables may not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from compiler import kube
from compiler.check.texts import variables, words
from compiler.diagnostics import Report
from compiler.diagnostics.words import suggestion
from compiler.model import Graph, Instance, Path, Platform

_REFERENCE = re.compile(r"(?<!\$)\$\(([A-Za-z_][A-Za-z0-9_]*)\)")
_INDEX = "JOB_COMPLETION_INDEX"
Reference = tuple[Path, str, str | None]  # its path, the variable, and the variable that reads it
Mistake = tuple[str, str | tuple[str, ...]]  # the end of the message, and the help


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for workload in platform.instances.values():
        used = list(_references(workload)) if workload.section == "workloads" else []
        # Most workloads refer to no variable, and their bindings need not be read.
        endpoints = graph.wiring(workload.name).endpoints if used else ()
        derived = {variable.name for endpoint in endpoints for variable in endpoint.variables}
        for path, name, reader in used:
            mistake = _mistake(workload, derived, name, reader)
            if mistake is not None:
                problem, help = mistake
                span = platform.document.value_span(path)
                message = f"`$({name})` is {problem}"
                report.add("undefined-variable", message, span, path=path, help=help)


def _references(instance: Instance[Any]) -> Iterator[Reference]:
    """Each reference in the command lines, the init steps and the variables of a workload."""
    outside_shells = {path for path, _ in words(instance, in_shell=False)}
    for path, text in words(instance):
        for name in _REFERENCE.findall(text):
            # `$(date)` in a line of a shell is a command, which Kubernetes leaves to the shell.
            if path in outside_shells or name != name.lower():
                yield (*instance.path, *path), name, None
    for path, text in variables(instance):
        for name in _REFERENCE.findall(text):
            yield (*instance.path, *path), name, str(path[-1])


def _mistake(
    workload: Instance[Any], derived: set[str], name: str, reader: str | None
) -> Mistake | None:
    """The problem of a reference to a variable that its reader does not see."""
    env = workload.spec.env
    preset = {variable.name for variable in kube.user_env(workload.name)} - env.keys()
    index = {_INDEX} if workload.spec.completions > 1 else set()
    preceding = index | env.keys() if reader is None else {key for key in env if key < reader}
    defined = derived | preset | preceding
    if name in defined:
        return None
    if name in env:
        help = "rename one of the two: variables are in the order of their names"
        return "set after the variable that reads it", help
    if name in index:
        return "set after all other variables", "read it in `args`, or in the program"
    help = "set it in `env`, or write `$$(...)` where the text is meant as it is"
    return "not set in this pod", suggestion(name, defined) or help
