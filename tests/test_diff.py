"""`platformc diff` as people and pipelines call it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support import command_line
from support.paths import ROOT

from compiler.cli import platformc
from compiler.commands.diff import DETAILED

SPEC = (ROOT / "platform.yaml").read_text()
LARGER = SPEC.replace("storage: 500Gi", "storage: 600Gi")
SMALLER = SPEC.replace("storage: 500Gi", "storage: 400Gi")


def git(folder: Path, *words: str) -> None:
    identity = {f"GIT_{role}_{field}": "t@example.org" for role in ("AUTHOR", "COMMITTER")
           for field in ("NAME", "EMAIL")}  # fmt: skip
    subprocess.run(
        ["git", "-C", str(folder), *words], check=True, capture_output=True,
        env={**os.environ, **identity},
    )  # fmt: skip


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits of the reference platform, and a working tree that asks for less storage."""
    git(tmp_path, "init", "-q", "-b", "main")
    for text in (SPEC, LARGER):
        (tmp_path / "platform.yaml").write_text(text)
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-q", "-m", "a commit")
    (tmp_path / "platform.yaml").write_text(SMALLER)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    return command_line.run("diff", *words)


def test_the_last_commit_is_compared_with_the_working_tree(repository: Path) -> None:
    result = run()
    assert result.exit_code == 0, result.output
    assert "storage: 600Gi -> 400Gi" in result.stdout
    assert "[data loss, recreation] because a volume can't shrink" in result.stdout
    assert "(in prod, staging)\n" in result.stdout
    assert "StatefulSet storage/minio changed\n" in result.stdout
    assert re.search(r"from spec\.components\.minio\.storage \(platform\.yaml:\d+\)", result.stdout)
    assert result.stdout.startswith("in all: 2 data loss")


def test_two_revisions_are_compared(repository: Path) -> None:
    result = run("HEAD~1", "HEAD")
    assert "500Gi -> 600Gi" in result.stdout
    assert "to do it: set the new size on each PersistentVolumeClaim" in result.stdout
    assert "(HEAD:platform.yaml:12)" in result.stdout


def test_directories_and_specs_are_compared(tmp_path: Path) -> None:
    for name, text in (("old", SPEC), ("new", SMALLER)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "platform.yaml").write_text(text)
    by_directory = run(str(tmp_path / "old"), str(tmp_path / "new"))
    by_file = run(*(str(tmp_path / name / "platform.yaml") for name in ("old", "new")))
    assert by_directory.exit_code == 0
    assert by_directory.stdout == by_file.stdout


def test_a_number_that_gets_a_fraction_has_a_cause(tmp_path: Path) -> None:
    """5 and 5.0 are equal numbers, and other texts in a manifest."""
    for name, storage, number in (("old", "30Gi", "5"), ("new", "40Gi", "5.0")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "platform.yaml").write_text(f"""\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {{name: p}}
spec:
  components:
    postgres: {{storage: {storage}}}
    seaweedfs: {{storage: {storage}}}
    mlflow:
      patches:
        - target: {{kind: Deployment, name: mlflow}}
          operations: [{{op: replace, path: /spec/revisionHistoryLimit, value: {number}}}]
""")
    result = run(str(tmp_path / "old"), str(tmp_path / "new"))
    assert result.exit_code == 0, result.output
    assert "5 -> 5.0" in result.stdout


def test_the_status_tells_whether_anything_changes(repository: Path) -> None:
    assert run("--detailed-exitcode").exit_code == 2
    assert run("HEAD", "HEAD", "--detailed-exitcode").exit_code == 0
    assert run("HEAD", "HEAD").stdout == "in all: nothing changes\n"


@pytest.mark.parametrize(
    "words", [["nowhere"], ["--no-such-option"], ["--format", "xml"], ["--env", "prd"]]
)
def test_an_error_is_no_change_in_the_detailed_status(repository: Path, words: list[str]) -> None:
    assert run(*words).exit_code == 2
    assert run(*words, "--detailed-exitcode").exit_code == 1


def test_a_spec_that_does_not_compile_is_no_change_either(repository: Path) -> None:
    (repository / "platform.yaml").write_text(SPEC.replace("minio:", "minoi:"))
    assert run("--detailed-exitcode").exit_code == 1


def test_an_environment_that_neither_has_is_said(repository: Path) -> None:
    assert "did you mean `prod`?" in run("--env", "prd").stderr


GROWING = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: growing}
spec:
  components: {seaweedfs: {}, kserve: {mode: standard}}
"""
MODEL = (
    "  models: {churn: {format: sklearn, uri: 's3://models/churn', size: 10Mi, namespace: red}}\n"
)


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_objects_that_argo_cds_project_does_not_permit_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """A first model: the AppProject that was applied before knows neither its kind nor its namespace."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.yaml").write_text(GROWING)
    (tmp_path / "new.yaml").write_text(GROWING + MODEL)
    grown = run("./old.yaml", "./new.yaml", "--format", form)
    assert grown.exit_code == 0, grown.output
    assert "kind InferenceService of serving.kserve.io" in grown.stdout
    assert "namespace red in cluster https://kubernetes.default.svc" in grown.stdout
    assert "kind Deployment" not in grown.stdout
    shrunk = run("./new.yaml", "./old.yaml", "--format", form)
    assert "kind InferenceService" not in shrunk.stdout


def test_one_environment_alone(repository: Path) -> None:
    result = run("--env", "prod", "--format", "json")
    record = json.loads(result.stdout)
    assert record["risk"] == "data-loss"
    assert {change["environment"] for change in record["changes"]} == {"prod"}
    (field,) = record["changes"][0]["fields"]
    assert (field["before"], field["after"]) == ("600Gi", "400Gi")


def test_markdown_is_a_table_that_text_cannot_break(repository: Path) -> None:
    nasty = SMALLER.replace("[python, train.py]", '[python, "a|b`c<img>", "@somebody"]')
    (repository / "platform.yaml").write_text(nasty)
    lines = run("--format", "markdown").stdout.splitlines()
    rows = [line for line in lines if line.startswith("| ") and "---" not in line]
    assert len(rows) > 2
    for row in rows:
        assert len(re.findall(r"(?<!\\)\|", row)) == 6, row
    assert "🛑 data loss" in "".join(rows)
    assert any(line.startswith("    - `") and "a|b'c<img>" in line for line in lines)
    assert "**2 data loss" in "".join(lines)


def test_a_revision_that_does_not_exist_is_said(repository: Path) -> None:
    result = run("nowhere")
    assert result.exit_code == 2
    assert "git knows no revision `nowhere`" in result.stderr


def test_a_shallow_clone_names_the_command_that_fetches_the_rest(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = repository.parent / "a shallow clone"
    git(repository, "clone", "-q", "--depth=1", repository.as_uri(), str(clone))
    monkeypatch.chdir(clone)
    git(repository, "branch", "elsewhere")
    assert "this clone is shallow" in run("origin/elsewhere").stderr
    result = run("HEAD~1")
    assert result.exit_code == 2
    (command,) = re.findall("this clone is shallow: `(git fetch .*)` fetches", result.stderr)
    subprocess.run(["sh", "-ec", command], check=True, capture_output=True)
    assert run("HEAD~1").exit_code == 0
    assert run("origin/elsewhere").exit_code == 0
    assert "shallow" not in run("nowhere").stderr


def test_a_repository_of_another_user_is_no_missing_repository(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CI systems clone as another user than the one of their steps."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    result = run()
    assert result.exit_code == 2
    command = f"`git config --global --add safe.directory {repository}`"
    assert f"because another user owns it: if you trust it, run {command}" in result.stderr


def test_status_3_is_only_for_a_spec_that_is_there(repository: Path) -> None:
    """A pipeline takes status 3 for a spec that is new."""
    (repository / "ml").mkdir()
    assert run("-f", "ml/platform.yaml").exit_code == 2
    (repository / "ml" / "platform.yaml").write_text(SPEC)
    assert run("-f", "ml/platform.yaml").exit_code == 3


def test_output_that_cannot_be_read_is_no_change(repository: Path) -> None:
    """In the statuses of Terraform, 2 says that something changes."""
    (repository / "base").symlink_to("elsewhere")
    assert run().exit_code == 2
    failed = run("--detailed-exitcode")
    assert failed.exit_code == 1
    assert "base is a symbolic link" in failed.stderr


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_full_disk_is_no_change(repository: Path, stream: str, form: str) -> None:
    """In the statuses of Terraform, 2 says that something changes."""
    if stream == "stderr":
        (repository / "platform.yaml").write_text(SPEC.replace("minio:", "minoi:"))
    words = [sys.executable, "-m", "compiler", "diff", "--format", form]
    with open("/dev/full", "w") as full:
        detailed, plain = (
            subprocess.run(
                line, stdout=full if stream == "stdout" else subprocess.PIPE,
                stderr=full if stream == "stderr" else subprocess.PIPE, text=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False,
            )
            for line in ([*words, DETAILED], words)
        )  # fmt: skip
    assert (detailed.returncode, plain.returncode) == (1, 2)
    if stream == "stdout":
        message = "platformc: No space left on device; the output is incomplete\n"
        assert detailed.stderr == plain.stderr == message


def test_a_closed_output_is_no_change(repository: Path) -> None:
    words = f"{sys.executable} -m compiler diff {DETAILED} >&-"
    process = subprocess.run(
        words, shell=True, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    message = "platformc: there is no standard output\n"
    assert (process.returncode, process.stderr) == (1, message)


def test_standard_input_has_no_revision(repository: Path) -> None:
    refused = command_line.run("diff", "-f", "-", input=SPEC)
    assert refused.exit_code == 2
    assert "compare with standard input by `platformc diff HEAD - -f FILE`" in refused.stderr
    compared = command_line.run("diff", "HEAD", "-", "-f", "platform.yaml", input=SPEC)
    assert "storage: 600Gi -> 500Gi" in compared.stdout


@pytest.mark.parametrize("folder", [".", "ml"])
def test_the_variables_of_a_hook_lead_to_no_other_repository(
    repository: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    """git sets them for hooks in a working tree of `git worktree`, and for `git rebase --exec`."""
    foreign = repository / "foreign"
    foreign.mkdir()
    git(foreign, "init", "-q")
    (repository / "ml").mkdir()
    (repository / "ml" / "platform.yaml").write_text(LARGER)
    git(repository, "add", "ml")
    git(repository, "commit", "-q", "-m", "in a folder")
    for name, path in (
        ("GIT_DIR", foreign / ".git"),
        ("GIT_INDEX_FILE", ".git/index"),
        ("GIT_PREFIX", "ml/"),
    ):
        monkeypatch.setenv(name, str(path))
    (repository / "ml" / "platform.yaml").write_text(SMALLER)
    monkeypatch.chdir(folder)
    result = run()
    assert result.exit_code == 0, result.stderr
    assert "storage: 600Gi -> 400Gi" in result.stdout


def test_a_spec_that_does_not_compile_is_said(repository: Path) -> None:
    (repository / "platform.yaml").write_text(SPEC.replace("minio:", "minoi:"))
    result = run()
    assert result.exit_code == 1
    assert "did you mean `minio`" in result.stderr
    assert "platform.yaml does not compile" in result.stderr
    assert result.stdout == ""


def test_a_folder_of_output_is_no_side_of_a_comparison(repository: Path) -> None:
    (repository / "out/prod").mkdir(parents=True)
    result = run("./out/prod", ".")
    assert result.exit_code == 2
    assert "out/prod has no platform.yaml" in result.stderr
    assert "give a spec, a folder with a spec, or a git revision" in result.stderr


def test_output_that_the_next_compile_removes_is_not_foreign(repository: Path) -> None:
    """`diff` comes before `compile`: files of the last commit's output are still there."""
    (repository / "platform.yaml").write_text(LARGER)
    assert CliRunner().invoke(platformc, ["compile"]).exit_code == 0
    (repository / "platform.yaml").write_text(re.sub(r"^    dvc:.*\n", "", LARGER, flags=re.M))
    smuggled = repository / "base" / "minio" / "smuggled.yaml"
    smuggled.write_text("kind: Secret\n")
    strays = json.loads(run("--format", "json").stdout)["strays"]
    assert strays == ["base/minio/smuggled.yaml"]
