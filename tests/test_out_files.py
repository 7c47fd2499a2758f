"""With `rendered: true`, a plan that applies files needs those that the spec compiles to."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import run

SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: rendered}
spec:
  rendered: true
  backup: {to: offsite}
  move: {from: postgres, to: newer}
  components:
    offsite: {type: external-s3, host: s3.example.com}
    seaweedfs: {}
    postgres: {}
    newer: {type: postgres, backup: {none: it has no clients yet}}
    mlflow: {bind: {backend-store: postgres}}
"""
PLANS = [("apply-plan",), ("move",), ("restore",)]
each_plan = pytest.mark.parametrize("words", PLANS, ids=" ".join)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec with its compiled files, and with its credentials."""
    path = tmp_path / "my platform.yaml"
    path.write_text(SPEC, encoding="utf-8")
    for words in (("compile",), ("secrets", "generate", "default")):
        result = run(*words, "-f", path)
        assert result.exit_code == 0, result.output
    return path


@each_plan
def test_current_files_are_applied(words: tuple[str, ...], spec: Path) -> None:
    result = run(*words, "default", "-f", spec)
    assert result.exit_code == 0, result.output
    assert "/out/default/10-stores.yaml" in result.stdout


@each_plan
@pytest.mark.parametrize("change", ["the spec", "a file", "no file"])
def test_other_files_are_refused(words: tuple[str, ...], change: str, spec: Path) -> None:
    file = spec.parent / "out/default/11-stores.yaml"
    match change:
        case "the spec":
            spec.write_text(SPEC.replace("seaweedfs: {}", "seaweedfs: {storage: 30Gi}"))
        case "a file":
            file.write_text(file.read_text().replace("replicas: 1", "replicas: 2"))
        case "no file":
            file.unlink()
    result = run(*words, "default", "-f", spec)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "`out/default/1" in result.stderr
    assert f"run `platformc compile -f '{spec}'`" in result.stderr


def test_a_restore_over_what_is_there_applies_no_file(spec: Path) -> None:
    (spec.parent / "out/default/11-stores.yaml").unlink()
    result = run("restore", "default", "--replace", "-f", spec)
    assert result.exit_code == 0, result.output
    assert "out/" not in result.stdout


def test_without_rendered_files_a_plan_needs_none(tmp_path: Path) -> None:
    path = tmp_path / "platform.yaml"
    path.write_text(SPEC.replace("rendered: true", "rendered: false"), encoding="utf-8")
    assert run("apply-plan", "default", "-f", path).exit_code == 0
