"""The GitHub Action and the pre-commit hooks, each run as its host would run it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import workflow
import yaml
from conftest import ROOT
from workflow import Outcome

SPEC = (ROOT / "platform.yaml").read_text()
LARGER = SPEC.replace("storage: 500Gi", "storage: 600Gi")
SMALLER = SPEC.replace("storage: 500Gi", "storage: 400Gi")
UPLOAD = "github/codeql-action/upload-sarif@v3"


def shell(folder: Path, *words: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    who = {f"GIT_{role}_{what}": "t@example.org" for role in ("AUTHOR", "COMMITTER")
           for what in ("NAME", "EMAIL")}  # fmt: skip
    variables = {**os.environ, **who, "PATH": path or os.environ["PATH"]}
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, env=variables)


def script(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


@dataclass
class Runner:
    """A runner with a checkout of a pull request, and a record of what `gh` was told."""

    checkout: Path
    temp: Path
    base: str

    @property
    def path(self) -> str:
        return f"{self.temp}/bin:/usr/local/bin:/usr/bin:/bin"

    def run(self, event: str = "pull_request", **inputs: str) -> Outcome:
        github = {
            "event_name": event,
            "event": {"pull_request": {"number": 7, "base": {"sha": self.base}}},
        }
        names = {name.replace("_", "-"): value for name, value in inputs.items()}
        return workflow.run(
            ROOT / "action.yml", self.checkout, self.temp, self.path, inputs=names, github=github
        )

    def write(self, text: str, *, compiled: bool = True) -> None:
        (self.checkout / "platform.yaml").write_text(text)
        if compiled:
            done = shell(self.checkout, "platformc", "compile", path=self.path)
            assert done.returncode == 0, done.stderr

    @property
    def comments(self) -> list[str]:
        record = self.temp / "comments"
        return record.read_text().splitlines() if record.exists() else []


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A platform that was compiled and committed. Installing is another test's (test_install)."""
    checkout, temp = tmp_path / "checkout", tmp_path / "temp"
    checkout.mkdir()
    temp.mkdir()
    call = f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -m compiler "$@"'
    script(temp / "bin", "platformc", call)
    # What the install step calls; it brings the same compiler.
    install = f'mkdir -p "$3/bin" && cp "{temp}/bin/platformc" "{temp}/bin/true" "$3/bin/" && '
    install += 'mv "$3/bin/true" "$3/bin/pip"'
    script(temp / "bin", "python3", install)
    script(temp / "bin", "true", "exit 0")
    script(temp / "bin", "gh", f'printf "%s\\n" "$*" >>"{temp}/comments"')
    one = Runner(checkout, temp, "")
    shell(checkout, "git", "init", "-q", "-b", "main")
    one.write(SPEC)
    shell(checkout, "git", "add", "-A")
    shell(checkout, "git", "commit", "-q", "-m", "before")
    one.base = shell(checkout, "git", "rev-parse", "HEAD").stdout.strip()
    return one


def test_a_good_change_is_planned_and_commented(runner: Runner) -> None:
    runner.write(LARGER)
    outcome = runner.run()
    assert outcome.failed == [], outcome.log
    assert outcome.outputs["risk"] == "downtime"
    plan = Path(outcome.outputs["plan"]).read_text()
    assert "500Gi -&gt; 600Gi" in plan or "500Gi -> 600Gi" in plan
    assert (runner.temp / "GITHUB_STEP_SUMMARY").read_text() == plan
    assert runner.comments == [
        f"pr comment 7 --body-file {outcome.outputs['plan']} --edit-last --create-if-none"
    ]
    assert outcome.used[UPLOAD]["sarif_file"] == f"{runner.temp}/platformc.sarif"
    sarif = json.loads((runner.temp / "platformc.sarif").read_text())
    assert sarif["version"] == "2.1.0"


def test_a_bad_spec_annotates_its_line_and_is_uploaded_all_the_same(runner: Runner) -> None:
    runner.write(SPEC.replace("replicas: 4", "replica: 4"), compiled=False)
    outcome = runner.run()
    assert outcome.failed == ["Validate"]
    assert re.search(r"^::error file=platform\.yaml,line=12,", outcome.log, re.MULTILINE)
    sarif = json.loads((runner.temp / "platformc.sarif").read_text())
    assert any(one["ruleId"] == "unknown-key" for one in sarif["runs"][0]["results"])
    assert UPLOAD in outcome.used
    assert runner.comments == []


def test_a_stale_tree_fails(runner: Runner) -> None:
    runner.write(LARGER, compiled=False)
    outcome = runner.run()
    assert outcome.failed == ["Check that the compiled tree is current"]
    assert "error[stale-output]" in outcome.log
    unchecked = runner.run(check="false")
    assert unchecked.failed == []


@pytest.mark.parametrize(
    ("bound", "fails"),
    [("data-loss", True), ("downtime", True), ("", False), ("danger", True)],
)
def test_a_risk_can_fail_the_run(runner: Runner, bound: str, fails: bool) -> None:
    runner.write(SMALLER, compiled=False)
    outcome = runner.run(fail_on=bound, check="false", sarif="false")
    assert outcome.outputs["risk"] == "data-loss"
    assert outcome.failed == (["Judge the risk"] if fails else [])


def test_a_lower_risk_passes(runner: Runner) -> None:
    runner.write(LARGER, compiled=False)
    assert runner.run(fail_on="data-loss", check="false", sarif="false").failed == []


def test_a_push_is_not_commented(runner: Runner) -> None:
    outcome = runner.run("push", base="HEAD", sarif="false")
    assert outcome.failed == []
    assert "Comment the plan" in outcome.skipped
    assert outcome.used == {}
    assert outcome.outputs["risk"] == "no-op"


def test_no_script_holds_an_expression() -> None:
    """What a pull request names could else be run."""
    for step in yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


HOOKS: dict[str, Any] = {
    one["id"]: one for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
}


def hook(runner: Runner, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What pre-commit does with a hook: its entry, with the user's arguments, in the checkout."""
    return shell(runner.checkout, *HOOKS[name]["entry"].split(), *arguments, path=runner.path)


@pytest.mark.parametrize(
    ("name", "path", "concerned"),
    [
        ("platformc-validate", "platform.yaml", True),
        ("platformc-validate", "ml/platform.yaml", True),
        ("platformc-validate", "base/mlflow/kustomization.yaml", False),
        ("platformc-check", "platform.lock", True),
        ("platformc-check", "platformc.sum", True),
        ("platformc-check", "overlays/dev/kustomization.yaml", True),
        ("platformc-check", "README.md", False),
    ],
)
def test_hooks_run_where_they_are_concerned(name: str, path: str, concerned: bool) -> None:
    assert bool(re.search(HOOKS[name]["files"], path)) is concerned


def test_hooks_pass_a_good_commit_and_stop_a_bad_one(runner: Runner) -> None:
    assert {hook(runner, name).returncode for name in HOOKS} == {0}
    runner.write(LARGER, compiled=False)
    assert hook(runner, "platformc-validate").returncode == 0
    stale = hook(runner, "platformc-check")
    assert stale.returncode == 1
    assert "run `platformc compile`" in stale.stderr
    runner.write(SPEC.replace("minio:", "minoi:"), compiled=False)
    bad = hook(runner, "platformc-validate")
    assert bad.returncode == 1
    assert "did you mean `minio`?" in bad.stdout
    assert hook(runner, "platformc-validate", "-f", "nothing.yaml").returncode == 2
