"""The compiler itself: no network, no program, nothing touched outside, nothing constructed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import pytest
from support.command_line import run
from support.paths import SCENARIOS, TESTS
from support.scenarios import compiled, scenario_names

from compiler import pipeline
from compiler.cli import platformc
from compiler.write import STATE
from compiler.write.output import Journal, exclusive
from compiler.write.state import state_of

WATCH = TESTS / "support" / "audit_hook.py"


def watched(root: Path, *arguments: object, program: str = str(WATCH)) -> dict[str, Any]:
    """The paths and addresses of one command, its output and its status."""
    process = subprocess.run(
        [sys.executable, program, str(root), *(str(argument) for argument in arguments)],
        capture_output=True,
        text=True,
        check=True,
        cwd=root,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    actual: dict[str, Any] = json.loads(process.stdout)
    return actual


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("confined") / "root"
    folder.mkdir()
    spec = (SCENARIOS / "external-secrets" / "platform.yaml").read_text()
    (folder / "platform.yaml").write_text(spec)
    return folder


# A platform that is backed up, for the verb that restores it.
COPIED = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: copied}
spec:
  backup: {to: offsite, schedule: "0 2 * * *", keep: 30d}
  components:
    postgres: {}
    seaweedfs: {}
    mlflow: {bind: {artifacts: seaweedfs}}
    offsite: {type: seaweedfs}
"""
# Every verb, with arguments that it does its work with.
MOVED = """apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: moved}
spec:
  move: {from: redis, to: valkey}
  components: {redis: {}, valkey: {}}
  workloads: {job: {image: registry.example.internal/job:1.0.0, uses: [redis]}}
"""
QUIET = (
    "compile", "compile --check", "compile --force", "validate", "validate --format sarif",
    "validate --fix", "render default", "graph", "graph --as svg", "impact minio", "images default",
    "images default --format json", "apply-plan default", "apply-plan default --since .",
    "diff . .", "explain", "explain unbound-requirement", "schema", "version",
    "help compile", "completion bash", "init --list", "init copy --from two-teams",
    "prerequisites default", "client-kit default mlflow-smoke", "env mlflow-smoke", "env mlflow-smoke default --laptop", "init new --lab",
    "secrets list default", "secrets list default --format json",
    "restore default -f copied.yaml", "move default -f moved.yaml", "secrets rotate default mlflow-artifacts", "secrets generate default -f local.yaml",
    "argocd generate", "argocd plugin --image registry.example/plugin:1.0.0 -o argocd",
    "argocd applications --repo https://git.example/platform.git",
)  # fmt: skip
# Commands that lead out, their targets, and the word in the command's help that says so.
OUTWARD = {
    "images default --pin": ("asks https://", "registries"),
    "vendor kserve -f vendored.yaml": ("asks https://github.com/", "Fetch"),
    "models lock default --server https://mlflow.example -f registered.yaml": (
        "asks https://mlflow.example/",
        "Ask MLflow",
    ),
    "diff HEAD": ("runs git", "git revisions"),
    "apply-plan default --since HEAD": ("runs git", "git"),
    "validate --with kubeconform": ("runs kubeconform", "kubeconform"),
    "doctor default": ("runs kubectl", "kubectl"),
    "adopt default": ("runs kubectl", "kubectl"),
    "secrets generate default -f sealed-secrets.yaml": ("runs kubeseal", "kubeseal"),
    "secrets generate default -f sops.yaml": ("runs sops", "sops"),
}


@pytest.fixture(scope="module")
def specs(folder: Path) -> Path:
    """The spec once more for each way in which a verb depends on it."""
    spec = (folder / "platform.yaml").read_text()
    for provider in ("local", "sealed-secrets", "sops"):
        text = spec.replace("provider: external-secrets", f"provider: {provider}")
        (folder / f"{provider}.yaml").write_text(text)
    vendored = "components: {istio: {}, kserve: {mode: standard, install: vendored}, seaweedfs: {}}"
    head = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: vendored}\n"
    (folder / "vendored.yaml").write_text(f"{head}spec:\n  {vendored}\n")
    (folder / "copied.yaml").write_text(COPIED)
    (folder / "moved.yaml").write_text(MOVED)
    registered = "components: {mlflow: {}, postgres: {}, seaweedfs: {}, kserve: {mode: standard}}"
    models = "models: {churn: {model: churn, alias: champion}}"
    head = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: registered}\n"
    (folder / "registered.yaml").write_text(f"{head}spec:\n  {registered}\n  {models}\n")
    return folder


def verbs(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by the words that call it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from verbs(inner, f"{path} {name}".strip())


def _verb(line: str) -> str:
    return max((verb for verb, _ in verbs(platformc) if line.startswith(verb)), key=len)


def test_every_verb_is_looked_at() -> None:
    assert {_verb(line) for line in (*QUIET, *OUTWARD)} == {verb for verb, _ in verbs(platformc)}


@pytest.mark.parametrize("line", QUIET)
def test_no_verb_reaches_out(specs: Path, line: str) -> None:
    actual = watched(specs, *line.split())
    assert actual["status"] == 0, actual["output"]
    assert actual["seen"] == []


@pytest.mark.parametrize("line", OUTWARD)
def test_a_verb_that_reaches_out_says_so(specs: Path, line: str) -> None:
    where, word = OUTWARD[line]
    actual = watched(specs, *line.split())
    assert actual["status"] in (1, 2), actual["output"]
    assert actual["seen"], actual["output"]
    assert [path for path in actual["seen"] if not path.startswith(where)] == []
    command = dict(verbs(platformc))[_verb(line)]
    assert word in " ".join(command.get_help(click.Context(command)).split())


def test_the_watch_sees_what_it_should(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    outside = tmp_path / "outside"
    assert watched(root, "PROBE")["seen"] == [
        "socket.__new__", "os.system", "runs true", "asks http://127.0.0.1:9/",
        f"writes {outside}", f"reads {outside}",
    ]  # fmt: skip


def test_a_tag_constructs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "platform.yaml"
    path.write_text("spec: !!python/object/apply:os.system ['touch owned']\n")
    actual = watched(tmp_path, "validate", "-f", path)
    assert actual["seen"] == []
    assert actual["status"] == 1
    assert "yaml-tag" in str(actual["output"])


# Paths


@pytest.mark.parametrize("scenario", scenario_names())
def test_every_path_of_the_tree_is_below_it(scenario: str) -> None:
    for path in compiled(scenario).tree(rendered=compiled(scenario).environments):
        assert not path.startswith("/")
        assert not {"..", "", "."} & set(path.split("/")), path


@pytest.mark.parametrize(
    "hostile",
    [
        "components: {../../etc: {type: postgres}}",
        "components: {a/b: {type: postgres}}",
        "environments: {../out: {}}",
        "namespace: ../..",
        "secrets: {provider: sealed-secrets, certificate: ../../etc/passwd}",
        "secrets: {provider: sealed-secrets, certificate: /etc/passwd}",
        "secrets: {provider: sealed-secrets, certificate: certificates/../../x}",
        "workloads: {../job: {image: 'a:1'}}",
    ],
)
def test_a_name_cannot_lead_out_of_the_tree(hostile: str) -> None:
    spec = f"""\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {{name: hostile}}
spec:
  {hostile}
"""
    result = pipeline.compile(spec.encode(), "platform.yaml")
    assert result.report.failed
    assert {diagnostic.code for diagnostic in result.report.sorted()} <= {
        "invalid-name",
        "invalid-value",
    }


# Contents of a repository: links, and an unsealed journal


def _locked(root: Path) -> None:
    with exclusive(root) as output:
        output.recover()


@pytest.mark.parametrize("name", ["", "lock", "fresh", "journal.json.new", ".gitignore", "stage"])
def test_a_link_where_the_compiler_keeps_its_state_is_not_followed(
    tmp_path: Path, name: str
) -> None:
    root, victim = tmp_path / "root", tmp_path / "victim"
    root.mkdir()
    victim.mkdir()
    (victim / "file").write_text("precious")
    if name:
        (root / STATE).mkdir()
    (root / STATE / name).symlink_to(victim if name in ("", "stage") else victim / "file")
    with suppress(OSError):
        _locked(root)
    assert [path.name for path in victim.iterdir()] == ["file"]
    assert (victim / "file").read_text() == "precious"


JOURNALS = (
    '{"write": [".git/hooks/pre-commit"], "remove": ["important.txt"]}',
    '{"root": [0, 0], "stage": ".platformc/stage", "write": [".git/hooks/pre-commit"], "remove": {"important.txt": ""}}',
    "garbage", "[]", '{"write": 5}', "",
)  # fmt: skip


@pytest.mark.parametrize("journal", JOURNALS)
def test_a_journal_in_the_tree_is_not_believed(tmp_path: Path, journal: str) -> None:
    (tmp_path / "platform.yaml").write_text((SCENARIOS / "minimal" / "platform.yaml").read_text())
    (tmp_path / "important.txt").write_text("precious")
    (stage := tmp_path / STATE / "stage").mkdir(parents=True)
    (stage / "0").write_text("touch ran")
    (tmp_path / STATE / "journal.json").write_text(journal)
    result = run("compile", "-f", tmp_path / "platform.yaml")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "important.txt").read_text() == "precious"
    assert not (tmp_path / ".git").exists()


def test_a_journal_of_another_folder_is_not_carried_out(tmp_path: Path) -> None:
    """A checkout that takes the place of one whose write was cut off."""
    with exclusive(tmp_path / "root") as output:
        journal = Journal((0, 0), f"{STATE}/stage-x", ["base/evil"], {"base/precious": "x"})
        output.note(journal)
    (tmp_path / "root" / STATE / "stage-x").mkdir()
    (tmp_path / "root" / STATE / "stage-x" / "0").write_text("evil")
    _locked(tmp_path / "root")
    assert not (tmp_path / "root" / "base").exists()


@pytest.mark.parametrize("folder_name", ["root/.cache", "checkout/.cache"])
def test_no_state_is_kept_where_the_tree_could_bring_it_along(
    tmp_path: Path, folder_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some CI systems keep caches inside of the checkout."""
    (tmp_path / "checkout" / ".git").mkdir(parents=True)
    root = tmp_path / "root" if folder_name.startswith("root") else tmp_path / "checkout" / "ml"
    root.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / folder_name))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    state = state_of(root)
    assert state is not None
    assert state.path.is_relative_to(tmp_path / f"platformc-{os.geteuid()}")


def test_state_that_others_can_write_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("cache", "temp"):
        monkeypatch.setenv("XDG_CACHE_HOME" if name == "cache" else "TMPDIR", str(tmp_path / name))
    (tmp_path / "cache" / "platformc").mkdir(parents=True)
    (tmp_path / "cache" / "platformc").chmod(0o777)
    (tmp_path / "temp").mkdir()
    (tmp_path / "temp" / f"platformc-{os.geteuid()}").symlink_to(tmp_path)
    assert state_of(tmp_path / "root") is None
