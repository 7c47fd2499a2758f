"""Runs a composite action as GitHub's runner does, as far as ours needs it.

Each step is a bash script under `-eo pipefail` with the files through which it speaks to the runner;
expressions know contexts, `always()`, `==`, `!=`, `&&` and `||`. Steps that use other actions are
recorded, not run.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


@dataclass
class Outcome:
    """The results of one run."""

    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    used: dict[str, Mapping[str, str]] = field(default_factory=dict)
    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)


def run(
    action: Path, checkout: Path, temp: Path, path: str, *,
    inputs: Mapping[str, str], github: Mapping[str, Any], runner: Mapping[str, str],
) -> Outcome:  # fmt: skip
    """Run an action's steps in a checkout; `path` is the PATH of a runner, `runner` the variables that it sets
    every step of itself."""
    described = yaml.load(action.read_text(), yaml.CSafeLoader)
    contexts = _contexts(described["inputs"], inputs, github, temp)
    outcome = Outcome()
    files = {name: temp / name for name in ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.touch()
    environment = {
        "PATH": path, "HOME": str(temp), "RUNNER_TEMP": str(temp), "NO_COLOR": "1",
        "GITHUB_ACTION_PATH": str(action.parent), **runner, **{name: str(file) for name, file in files.items()},
    }  # fmt: skip
    for step in described["runs"]["steps"]:
        if not evaluated(_condition(step), contexts, outcome):
            outcome.skipped.append(step["name"])
        elif "uses" in step:
            values = step["with"].items()
            outcome.used[step["uses"]] = {
                key: substituted(value, contexts, outcome) for key, value in values
            }
        else:
            _script(step, checkout, environment, contexts, outcome)
            added = files["GITHUB_PATH"].read_text().split()
            environment["PATH"] = os.pathsep.join([*reversed(added), path])
            if "id" in step:
                contexts["steps"][step["id"]] = {"outputs": _outputs(files["GITHUB_OUTPUT"])}
    for name, output in described["outputs"].items():
        outcome.outputs[name] = substituted(output["value"], contexts, outcome)
    return outcome


def _contexts(
    definitions: Mapping[str, Any], inputs: Mapping[str, str], github: Mapping[str, Any], temp: Path
) -> dict[str, Any]:
    """The contexts of expressions; an input that is left out has its default."""
    contexts: dict[str, Any] = {
        "github": {"token": "a-token", **github},
        "runner": {"temp": str(temp)},
        "steps": {},
    }
    defaults = {
        name: substituted(definition.get("default", ""), contexts, Outcome())
        for name, definition in definitions.items()
    }
    return {**contexts, "inputs": {**defaults, **inputs}}


def _condition(step: Mapping[str, Any]) -> str:
    """A step's condition; without a function of the state it holds only if no step before it failed."""
    condition = str(step.get("if", "success()")).removeprefix("${{").removesuffix("}}").strip()
    return condition if "()" in condition else f"success() && {condition}"


def _outputs(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


def _script(
    step: Mapping[str, Any], checkout: Path, environment: Mapping[str, str],
    contexts: Mapping[str, Any], outcome: Outcome,
) -> None:  # fmt: skip
    assert step["shell"] == "bash"
    step_env = {
        key: substituted(value, contexts, outcome) for key, value in step.get("env", {}).items()
    }
    folder = substituted(step.get("working-directory", str(checkout)), contexts, outcome)
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    process = subprocess.run(
        words, cwd=folder, env={**environment, **step_env}, capture_output=True, text=True
    )
    outcome.log += process.stdout + process.stderr
    if process.returncode:
        outcome.failed.append(step["name"])


def substituted(text: object, contexts: Mapping[str, Any], outcome: Outcome) -> str:
    """A text with its expressions evaluated."""
    return re.sub(
        r"\$\{\{(.*?)\}\}",
        lambda expression_match: str(evaluated(expression_match[1], contexts, outcome)),
        str(text),
    )


def evaluated(text: str, contexts: Mapping[str, Any], outcome: Outcome) -> Any:
    """The value of an expression; a missing value is empty."""
    text = text.strip()
    for operator in ("||", "&&"):
        if operator in text:
            values = [evaluated(part, contexts, outcome) for part in text.split(operator)]
            expected = operator == "||"
            return next((value for value in values if bool(value) == expected), values[-1])
    for operator, equal in (("==", True), ("!=", False)):
        if operator in text:
            left_value, right_value = (
                evaluated(part, contexts, outcome) for part in text.split(operator)
            )
            return (left_value == right_value) is equal
    if text == "always()":
        return True
    if text == "success()":
        return not outcome.failed
    if text.startswith("'"):
        return text.strip("'")
    value: Any = contexts
    for key in text.split("."):
        value = value.get(key, "") if isinstance(value, Mapping) else ""
    return value
