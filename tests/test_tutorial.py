"""The tutorial, typed as it stands: its commands in order, and its edits between them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from support.command_line import run
from support.paths import ROOT

TEXT = (ROOT / "docs" / "tutorial.md").read_text()


def commands(text: str) -> Iterator[str]:
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        yield from (line for line in block.splitlines() if line.startswith("platformc "))


def typed(line: str) -> Result:
    words = shlex.split(line.partition("  #")[0])
    result = run(*words[1:])
    assert (result.exit_code != 0) == ("# fails" in line), (line, result.output)
    return result


def test_the_tutorial_works_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    spec = tmp_path / "platform.yaml"
    parts = re.split(r"^## ", TEXT, flags=re.MULTILINE)
    ran = 0
    for part in parts:
        if part.startswith("2."):
            addition = part.split("```yaml\n")[1].split("```")[0]
            spec.write_text(spec.read_text() + addition)
        if part.startswith("4."):
            (tmp_path / "base-platform.yaml").write_text(spec.read_text())
            spec.write_text(
                spec.read_text().replace("workers: 1\n", "workers: 1\n      replicas: 2\n")
            )
        for line in commands(part):
            result = typed(line)
            ran += 1
            if line.startswith("platformc validate   "):
                assert "did you mean `mlflow`?" in result.stderr
            if line.startswith("platformc diff"):
                assert "spec.components.mlflow.replicas" in result.stdout
            if line.startswith("platformc render"):
                assert "MLFLOW_TRACKING_URI" in result.stdout
    assert ran >= 12
    assert "kubectl port-forward -n mlops service/mlflow 5000:5000" in typed(
        "platformc apply-plan default"
    ).stdout  # fmt: skip


def test_the_excerpt_is_of_the_spec_that_init_writes(tmp_path: Path) -> None:
    run("init", "--lab", tmp_path)
    written = re.sub(r" +#.*", "", (tmp_path / "platform.yaml").read_text())
    excerpt = TEXT.split("```yaml\n")[1].split("```")[0]
    assert excerpt in written
