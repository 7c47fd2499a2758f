"""The action's installation and the pre-commit hooks, by the real pip and the real pre-commit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.live


def run(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    identity = {f"GIT_{role}_{field}": "t@example.org" for role in ("AUTHOR", "COMMITTER")
           for field in ("NAME", "EMAIL")}  # fmt: skip
    return subprocess.run(
        words,
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, **identity, **variables},
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with the reference platform, as compiled."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("platform.yaml", "platformc.sum"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("base", "overlays", "out", "prerequisites"):
        shutil.copytree(ROOT / name, folder / name)
    run(folder, "git", "init", "-q")
    run(folder, "git", "add", "-A")
    run(folder, "git", "commit", "-q", "-m", "a platform")
    return folder


def test_the_action_installs_the_compiler(tmp_path: Path) -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    (step,) = (
        install_step
        for install_step in action["runs"]["steps"]
        if install_step["name"] == "Install platformc"
    )
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    result = run(
        tmp_path, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"],
        RUNNER_TEMP=str(tmp_path), GITHUB_ACTION_PATH=str(ROOT), PATH=path,
        GITHUB_PATH=str(tmp_path / "path"),
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    command = Path((tmp_path / "path").read_text().strip()) / "platformc"
    checked = run(tmp_path, str(command), "validate", "-f", str(ROOT / "platform.yaml"))
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("hook", ["platformc-validate", "platformc-check"])
def test_pre_commit_runs_the_hooks(checkout: Path, tmp_path: Path, hook: str) -> None:
    words = [sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), hook, "--all-files"]
    home = str(tmp_path / "home")
    passed = run(checkout, *words, PRE_COMMIT_HOME=home)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "Passed" in passed.stdout
    spec = checkout / "platform.yaml"
    edit = ("minio:", "minoi:") if hook == "platformc-validate" else ("500Gi", "600Gi")
    spec.write_text(spec.read_text().replace(*edit))
    failed = run(checkout, *words, PRE_COMMIT_HOME=home)
    assert failed.returncode == 1, failed.stdout + failed.stderr
    assert "Failed" in failed.stdout
