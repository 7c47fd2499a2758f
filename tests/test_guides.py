"""The guides to upgrades and moves, typed as they stand: each spec, and the commands below it."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from support.cluster import environments, lowered
from support.command_line import run
from support.paths import ROOT

from compiler import pipeline

BLOCK = re.compile(r"```(yaml|sh)\n(.*?)```", re.DOTALL)


def typed(guide: str, folder: Path) -> dict[str, list[str]]:
    """The output of each command of platformc, in the order of the page."""
    printed: dict[str, list[str]] = {}
    text = (ROOT / "docs" / "how-to" / guide).read_text(encoding="utf-8")
    for kind, block in BLOCK.findall(text):
        if kind == "yaml":
            (folder / "platform.yaml").write_text(block, encoding="utf-8")
            continue
        for line in block.splitlines():
            command = line.partition("  #")[0].strip()
            if command.startswith("git"):
                subprocess.run(["sh", "-c", command], check=True, capture_output=True)
            elif command.startswith("platformc"):
                words = shlex.split(command)[1:]
                result = run(*words)
                assert result.exit_code in (0, 1 if words[0] == "diff" else 0), (
                    line,
                    result.output,
                )
                printed.setdefault(command, []).append(result.stdout)
    return printed


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("NAME", "A B"), ("EMAIL", "a@example.com")):
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", text)
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", text)
    subprocess.run(["git", "init", "-q"], check=True)
    return tmp_path


def test_the_guide_to_moves(folder: Path) -> None:
    printed = typed("move.md", folder)
    assert "while the rest of its data is copied" in printed["platformc diff"][0]
    first_plan, rest, ceph, apart, majors, tables = printed["platformc move prod"]
    assert "copy minio to seaweedfs while the clients write" in first_plan
    assert rest.index("deployment/mlflow -n mlops --replicas=0") < rest.index('"FREEZE"')
    (back,) = printed["platformc move prod --back"]
    assert '"DIRECTION", "value": "back"' in back
    assert ceph.index("=Bound' objectbucketclaim") < ceph.index("copy ceph to seaweedfs")
    assert "copy seaweedfs to store" in apart
    assert "copy postgres to postgres-18" in majors
    assert "copy mysql to mysql-9" in tables


def test_the_guide_to_upgrades(folder: Path) -> None:
    printed = typed("upgrade.md", folder)
    (difference,) = printed["platformc diff"]
    assert "migrates the database of 3.14, which cannot be undone" in " ".join(difference.split())
    plan, back = printed["platformc apply-plan prod --since HEAD"]
    assert plan.index("--from=cronjob/postgres-backup") < plan.index("# wave 0")
    assert (
        "--from=cronjob/postgres-restore"
        in printed["platformc restore prod --only postgres --replace --at 20261128T020000Z"][0]
    )
    first, second, *_ = back.splitlines()
    assert first == "# this delivery would lose data"
    assert "to do it: restore the backup of the database that was made before 3.17" in second


def test_the_guide_to_the_loss_of_a_node(folder: Path) -> None:
    printed = typed("lost-node.md", folder)
    (difference,) = printed["platformc diff"]
    assert "kubectl delete pods -n mlops -l 'app.kubernetes.io/instance=minio," in difference


def specs_of(guide: str) -> list[str]:
    text = (ROOT / "docs" / "how-to" / guide).read_text(encoding="utf-8")
    return [block for kind, block in BLOCK.findall(text) if kind == "yaml"]


def test_the_guide_to_gpus_compiles_without_a_warning() -> None:
    """It names the key that may write, and no field that its mode of KServe refuses."""
    (text,) = specs_of("gpu-model.md")
    compilation = pipeline.compile(text.encode(), "platform.yaml")
    assert compilation.report.sorted() == []
    lowered = compilation.lowered["default"]
    assert "seaweedfs-admin" in {credential.name for credential in lowered.credentials}


def test_the_guide_to_the_registry_begins_with_a_platform_that_compiles() -> None:
    """MLflow must run before it can be asked for a version."""
    (text,) = specs_of("registry-model.md")
    begin, _, _ = text.partition("  models:\n")
    assert pipeline.compile(begin.encode(), "platform.yaml").report.errors == []
    errors = pipeline.compile(text.encode(), "platform.yaml").report.errors
    assert {error.code for error in errors} == {"unlocked-model"}


def test_the_guide_to_programs_lists_every_variable() -> None:
    """Those of other names have the name of an instance: of a model, or of a service outside."""
    (text,) = specs_of("programs.md")
    compilation = pipeline.compile(text.encode(), "platform.yaml")
    assert [finding.code for finding in compilation.report.sorted()] == []
    page = (ROOT / "docs" / "how-to" / "programs.md").read_text(encoding="utf-8")
    actual = {
        variable.name
        for scenario, environment in environments()
        for binding in lowered(scenario, environment).graph.bindings
        if binding.consumer.section in ("workloads", "models")
        and binding.provides.endpoint.interface not in ("external-service", "inference")
        for variable in binding.endpoint().variables
    }
    named = set(re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|PG[A-Z]+|PYTHONPATH)`", page))
    of_pods = {"JOB_COMPLETION_INDEX"}
    assert {name for name in named - of_pods if not name.startswith(("CHURN_", "PYPI_"))} == actual
