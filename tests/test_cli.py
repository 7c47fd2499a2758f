"""The command line as a user meets it: statuses, streams, files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from click.testing import Result
from support import command_line
from support.paths import ROOT

from compiler import pipeline
from compiler.commands.verbs import SYNONYMS, VERBS
from compiler.lower import lower
from compiler.model.graph import Graph
from compiler.model.memo import Memo
from compiler.model.package import Lowered, Platform
from compiler.write.output import BusyError, exclusive

GOOD = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: small}
spec:
  components:
    seaweedfs: {}
    postgres: {}
    mlflow: {}
  environments:
    dev: {}
    prod: {components: {mlflow: {replicas: 2}}}
"""
BAD = GOOD.replace("replicas: 2", "replicas: two")


def run(args: Sequence[str]) -> Result:
    return command_line.run(*args)


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "platform.yaml"
    path.write_text(GOOD)
    return path


def test_compile_writes_beside_the_spec_and_says_so_on_stderr(spec: Path) -> None:
    result = run(["compile"])
    assert (result.exit_code, result.stdout) == (0, "")
    assert "platform.yaml: dev, prod: " in result.stderr
    assert (spec.parent / "overlays" / "prod" / "kustomization.yaml").is_file()
    assert not (spec.parent / "out").exists()


def test_compiling_again_changes_nothing_and_says_so(spec: Path) -> None:
    run(["compile"])
    assert run(["compile"]).stderr == "platform.yaml: nothing changed\n"


def test_a_touched_spec_is_compiled_again_and_a_touched_output_noticed(spec: Path) -> None:
    run(["compile"])
    spec.write_text(f"{GOOD}# a comment\n")
    assert "nothing changed" in run(["compile"]).stderr
    file = spec.parent / "base" / "mlflow" / "service-mlflow.yaml"
    file.write_text("edited\n")
    result = run(["compile"])
    assert result.exit_code == 1
    assert "error[edited-output]: `base/mlflow/service-mlflow.yaml`" in result.stderr
    assert file.read_text() == "edited\n"
    assert run(["compile", "--force"]).exit_code == 0
    assert file.read_text() != "edited\n"


def test_a_wrong_spec_leaves_the_old_output(spec: Path) -> None:
    run(["compile"])
    before = {path: path.read_bytes() for path in spec.parent.rglob("*.yaml")}
    spec.write_text(BAD)
    result = run(["compile"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error[wrong-type]: `replicas` must be a whole number, not text" in result.stderr
    assert "--> platform.yaml:11:44" in result.stderr
    spec.write_text(GOOD)
    assert before == {path: path.read_bytes() for path in spec.parent.rglob("*.yaml")}


def test_a_check_names_a_file_that_a_compile_would_refuse_to_overwrite(spec: Path) -> None:
    run(["compile"])
    file = spec.parent / "base" / "mlflow" / "service-mlflow.yaml"
    file.write_text("edited\n")
    result = run(["compile", "--check"])
    assert result.exit_code == 1
    assert "error[edited-output]: `base/mlflow/service-mlflow.yaml`" in result.stderr
    assert "stale-output" not in result.stderr
    assert file.read_text() == "edited\n"


def test_vendor_without_releases_writes_no_lock(spec: Path) -> None:
    result = run(["vendor"])
    assert (result.exit_code, "no instance has `install: vendored`" in result.stderr) == (0, True)
    assert not (spec.parent / "platform.lock").exists()
    named = run(["vendor", "kserve"]).stderr
    assert named == "platformc: no upstream system `kserve`; the platform needs none\n"


@pytest.mark.parametrize(
    "words", [["validate", "--format", "json"], ["graph"], ["explain", "mlflow"], ["--help"]]
)
def test_a_full_disk_is_said_once(spec: Path, words: list[str]) -> None:
    with open("/dev/full", "w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "compiler", *words], stdout=full, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False,
        )  # fmt: skip
    message = "platformc: No space left on device; the output is incomplete\n"
    assert (process.returncode, process.stderr) == (2, message)


def test_messages_that_cannot_be_written_are_no_mistake_in_the_spec(spec: Path) -> None:
    with open("/dev/full", "w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "compiler", "validate"], stderr=full,
            env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False,
        )  # fmt: skip
    assert process.returncode == 2


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-16", "cp1252"])
@pytest.mark.parametrize(
    "words", [["diff", "./old.yaml"], ["diff", "./old.yaml", "--format", "markdown"]]
)
def test_pipes_get_utf_8_in_every_locale(spec: Path, words: list[str], encoding: str) -> None:
    """A code host reads comments in UTF-8."""
    (spec.parent / "old.yaml").write_text(GOOD)
    text = GOOD.replace("replicas: 2", "replicas: 2, env: {GREETING: Grüße 🛑}")
    assert text != GOOD
    spec.write_text(text)
    process = subprocess.run(
        [sys.executable, "-m", "compiler", *words], capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding}, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert "Grüße 🛑" in process.stdout.decode()


def test_check_shows_the_difference_and_writes_nothing(spec: Path) -> None:
    run(["compile"])
    assert run(["compile", "--check"]).exit_code == 0
    spec.write_text(GOOD.replace("replicas: 2", "replicas: 3"))
    result = run(["compile", "--check"])
    assert result.exit_code == 1
    assert "+  value: 3" in result.stdout
    assert "error[stale-output]" in result.stderr
    spec.write_text(GOOD)
    assert run(["compile", "--check"]).exit_code == 0


def test_the_difference_of_a_check_is_a_patch(spec: Path) -> None:
    run(["compile"])
    (spec.parent / "base" / "mlflow" / "kustomization.yaml").unlink()
    edited = spec.parent / "base" / "mlflow" / "service-mlflow.yaml"
    edited.write_text(f"edited\n{edited.read_text()}".rstrip("\n"))
    patch = run(["compile", "--check"]).stdout
    assert "--- /dev/null\n+++ b/base/mlflow/kustomization.yaml\n@@ -0,0 +1," in patch
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "apply"], input=patch, text=True, check=True)
    assert run(["compile", "--check"]).exit_code == 0


def test_a_compile_is_noted_before_another_one_may_write(
    spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A note that is made later could stand next to the other one's output."""
    noted: list[str] = []

    def remember(root: Path, fingerprint: str, output: str) -> None:
        with pytest.raises(BusyError), exclusive(root):
            raise AssertionError("another compiler could write")
        noted.append(fingerprint)

    monkeypatch.setattr("compiler.commands.build.remember", remember)
    assert run(["compile"]).exit_code == 0
    assert len(noted) == 1


def test_check_reports_an_interrupted_write(spec: Path) -> None:
    run(["compile"])
    blocked = spec.parent / "base" / "mlflow" / "kustomization.yaml"
    blocked.unlink()
    blocked.mkdir()
    in_the_way = "platformc: base/mlflow/kustomization.yaml: Is a directory\n"
    assert run(["compile", "--force"]).stderr == in_the_way
    result = run(["compile", "--check"])
    assert result.exit_code == 1
    assert "error[interrupted-write]" in result.stderr
    blocked.rmdir()
    run(["compile"])
    assert run(["compile", "--check"]).exit_code == 0


def _merged_by_git(folder: Path, name: str, ours: str, theirs: str) -> None:
    """Compile two specs on two branches, and merge them with the spec of the first one."""
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]

    def git(*words: str) -> int:
        call = ["git", "-C", str(folder), *identity, *words]
        return subprocess.run(call, capture_output=True, check=False).returncode

    git("init", "-q", "-b", "main")
    run(["compile"])
    git("add", "-A")
    git("commit", "-qm", "before")
    for branch, text in (("theirs", theirs), ("ours", ours)):
        git("checkout", "-q", "-b", branch, "main")
        (folder / name).write_text(text)
        run(["compile"])
        git("add", "-A")
        git("commit", "-qm", branch)
    assert git("merge", "-q", "theirs") == 1
    git("checkout", "-q", "--ours", name)


def test_output_that_git_merged_is_no_edit_by_hand(spec: Path) -> None:
    ours, theirs = (GOOD.replace("replicas: 2", f"replicas: {count}") for count in (3, 4))
    _merged_by_git(spec.parent, spec.name, ours, theirs)
    refused = run(["compile"])
    assert refused.exit_code == 1
    assert "by hand" not in refused.stderr
    assert re.search("git merged `overlays/prod/mlflow/.*` since it was compiled", refused.stderr)
    (command,) = {*re.findall("anew with `platformc (.*)`", refused.stderr)}
    assert run(command.split()).exit_code == 0
    assert run(["compile", "--check"]).exit_code == 0


def test_a_second_spec_of_the_folder_does_not_replace_the_output(spec: Path) -> None:
    run(["compile"])
    second = spec.parent / "second.yaml"
    second.write_text(
        GOOD.replace("    mlflow: {}\n", "").replace("{components: {mlflow: {replicas: 2}}}", "{}")
    )
    for words in (["compile", "-f", "second.yaml"], ["compile", "--check", "-f", "second.yaml"]):
        refused = run(words)
        assert refused.exit_code == 2
        assert "the output in `.` is of `platform.yaml`: give `second.yaml`" in refused.stderr
    assert run(["compile", "--check"]).exit_code == 0
    assert run(["compile", "-f", "second.yaml", "-o", "second"]).exit_code == 0
    assert run(["compile", "-f", "second.yaml", "-o", "second", "--check"]).exit_code == 0
    assert run(["compile", "-f", "second.yaml", "--force"]).exit_code == 0
    assert not (spec.parent / "base" / "mlflow").exists()
    assert "is of `second.yaml`" in run(["compile"]).stderr


def test_a_renamed_spec_keeps_its_output(spec: Path) -> None:
    run(["compile"])
    spec.rename(spec.parent / "renamed.yaml")
    assert run(["compile", "--check", "-f", "renamed.yaml"]).exit_code == 0
    assert "nothing changed" in run(["compile", "-f", "renamed.yaml"]).stderr
    spec.write_text(GOOD)
    assert "is of `renamed.yaml`" in run(["compile"]).stderr
    assert run(["compile", "-f", "renamed.yaml"]).exit_code == 0


def test_a_list_of_files_without_a_spec_is_current(spec: Path) -> None:
    """Earlier versions did not name the spec in it."""
    run(["compile"])
    sums = spec.parent / "platformc.sum"
    named, _, listed = sums.read_text().partition("\n")
    assert named == "# compiled from platform.yaml"
    sums.write_text(listed)
    assert run(["compile", "--check"]).exit_code == 0
    assert "nothing changed" in run(["compile"]).stderr
    assert run(["compile"]).exit_code == 0


def test_one_environment_alone_leaves_the_others(spec: Path) -> None:
    run(["compile"])
    prod = spec.parent / "overlays" / "prod" / "mlflow" / "kustomization.yaml"
    before = prod.read_text()
    spec.write_text(GOOD.replace("replicas: 2", "replicas: 3"))
    assert run(["compile", "--env", "dev"]).exit_code == 0
    assert prod.read_text() == before


def test_an_unknown_environment_is_wrong_usage(spec: Path) -> None:
    result = run(["render", "pord"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "did you mean `prod`?" in result.stderr


def test_a_missing_spec_and_a_folder_are_wrong_usage(spec: Path) -> None:
    assert run(["compile", "-f", "missing.yaml"]).exit_code == 2
    assert "platformc init" in run(["compile", "-f", "missing.yaml"]).stderr
    assert "is a directory" in run(["validate", "-f", "."]).stderr


def test_json_names_file_line_and_column(spec: Path) -> None:
    spec.write_text(BAD)
    result = run(["validate", "--format", "json"])
    (actual,) = json.loads(result.stdout)["diagnostics"]
    assert actual["code"] == "wrong-type"
    assert actual["path"] == ["spec", "components", "mlflow", "replicas"]
    assert (actual["file"], actual["start"]) == ("platform.yaml", {"line": 11, "column": 44})
    assert actual["environments"] == ["prod"]


def test_render_prints_manifests_and_nothing_else(spec: Path) -> None:
    import yaml

    result = run(["render", "prod"])
    objects = list(yaml.load_all(result.stdout, yaml.CSafeLoader))
    assert objects[0]["kind"] == "Namespace"
    assert {"Deployment", "StatefulSet", "Job"} <= {manifest["kind"] for manifest in objects}
    only = list(
        yaml.load_all(run(["render", "prod", "--component", "mlflow"]).stdout, yaml.CSafeLoader)
    )
    assert {manifest["metadata"]["labels"]["app.kubernetes.io/instance"] for manifest in only} == {
        "mlflow"
    }


@pytest.mark.parametrize("lab", [[], ["--lab"]])
def test_init_writes_a_spec_that_compiles(
    lab: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["init", *lab]).exit_code == 0
    assert run(["compile"]).exit_code == 0
    assert run(["init"]).exit_code == 2
    schema = json.loads((tmp_path / "schemas" / "platform.schema.json").read_text())
    assert schema["title"] == "platform.yaml"


def test_secrets_are_generated_once_private_and_rotated_on_request(spec: Path) -> None:
    result = run(["secrets", "generate", "dev"])
    assert result.exit_code == 0
    folder = spec.parent / "secrets" / "dev"
    files = {path: path.read_text() for path in folder.glob("*.yaml")}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / ".gitignore").read_text() == "*\n"
    run(["secrets", "generate", "dev"])
    assert files == {path: path.read_text() for path in folder.glob("*.yaml")}
    run(["secrets", "generate", "dev", "--rotate", "mlflow-artifacts"])
    changed = {path.name for path in folder.glob("*.yaml") if files[path] != path.read_text()}
    assert changed == {"secret-mlops-mlflow-artifacts.yaml"}
    spoken = result.output + run(["secrets", "list", "dev"]).output
    values = [line.split(": ")[1] for text in files.values() for line in text.splitlines()
              if line.startswith("  ") and len(line.split(": ")[-1]) == 32]  # fmt: skip
    assert values
    assert not [value for value in values if value in spoken]


def test_secrets_that_exist_elsewhere_are_only_listed(spec: Path) -> None:
    spec.write_text(GOOD.replace("spec:\n", "spec:\n  secrets: {provider: existing}\n", 1))
    assert run(["secrets", "generate", "dev"]).exit_code == 2
    listed = run(["secrets", "list", "dev"])
    assert "mlflow-backend-store  mlops" in listed.stdout
    assert "mlflow-backend-store: the password may hold only" in listed.stderr
    assert not (spec.parent / "secrets").exists()


def test_what_a_password_may_hold_is_said_only_to_those_who_choose_it(spec: Path) -> None:
    assert "the password may hold only" not in run(["secrets", "list", "dev"]).output


def test_a_damaged_secret_is_not_overwritten(spec: Path) -> None:
    run(["secrets", "generate", "dev"])
    file = spec.parent / "secrets" / "dev" / "secret-mlops-mlflow-artifacts.yaml"
    file.write_text("not: [a, secret\n")
    result = run(["secrets", "generate", "dev"])
    assert result.exit_code == 2
    assert file.read_text() == "not: [a, secret\n"


@pytest.mark.parametrize(
    ("form", "start"),
    [("mermaid", "flowchart LR\n"), ("dot", "digraph platform {\n"), ("svg", "<svg ")],
)
def test_the_graph_in_every_form(form: str, start: str, spec: Path) -> None:
    result = run(["graph", "--as", form, "--env", "prod"])
    assert result.stdout.startswith(start)
    assert "postgresql: mlflow" in result.stdout


def test_a_mistyped_verb_gets_the_right_one(spec: Path) -> None:
    result = run(["complie"])
    assert result.exit_code == 2
    assert "Did you mean `compile`?" in result.stderr


@pytest.mark.parametrize("word", sorted(SYNONYMS))
def test_a_verb_of_another_tool_gets_that_for_the_same_work(word: str) -> None:
    assert word not in VERBS
    assert SYNONYMS[word] in VERBS
    assert f"Did you mean `{SYNONYMS[word]}`?" in run([word]).stderr


@pytest.mark.parametrize("args", [["--help"], ["compile", "--help"], ["secrets", "--help"]])
def test_help_has_examples(args: list[str]) -> None:
    result = run(args)
    assert result.exit_code == 0
    assert "platformc " in result.stdout


def test_a_bug_ends_with_70_and_no_traceback(spec: Path) -> None:
    code = (
        "import compiler.load, sys; from compiler.cli import main\n"
        "def fail(*a): raise RuntimeError('hunter2')\n"
        "compiler.load.load = fail\n"
        "sys.argv = ['platformc', 'validate']; main()"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert process.returncode == 70
    assert "this is a bug" in process.stderr
    assert "Traceback" not in process.stderr
    assert "hunter2" not in process.stderr


def test_a_reader_that_goes_away_is_no_bug(spec: Path) -> None:
    process = subprocess.run(
        f"{sys.executable} -m compiler render dev | head -1",
        shell=True, capture_output=True, text=True, check=False,
        cwd=spec.parent, env={"PYTHONPATH": str(Path(__file__).parent.parent), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert process.stderr == ""
    assert process.stdout


def test_no_plugin_of_pydantic_sees_the_spec(spec: Path, tmp_path: Path) -> None:
    package = tmp_path / "packages"
    (package / "spy-1.dist-info").mkdir(parents=True)
    (package / "spy-1.dist-info" / "entry_points.txt").write_text("[pydantic]\nspy = spy:plugin\n")
    (package / "spy-1.dist-info" / "METADATA").write_text("Name: spy\nVersion: 1\n")
    (package / "spy.py").write_text("print('loaded')\nplugin = None\n")
    search = os.pathsep.join([str(package), str(ROOT)])

    def output(command: list[str]) -> str:
        return subprocess.run(
            [sys.executable, *command], capture_output=True, text=True, check=False,
            cwd=spec.parent, env={"PYTHONPATH": search, "PATH": os.environ["PATH"]},
        ).stdout  # fmt: skip

    script = "from pydantic import BaseModel\nclass Model(BaseModel): pass"
    assert "loaded" in output(["-c", script])
    assert "loaded" not in output(["-m", "compiler", "validate"])


def test_version_names_the_schemas() -> None:
    assert run(["version"]).stdout.startswith("platformc 0.")


@pytest.mark.parametrize(
    ("args", "needless"),
    [
        (["--help"], {"msgspec", "pydantic", "subprocess", "compiler.commands.diff"}),
        (["version"], {"msgspec", "pydantic", "compiler.model"}),
        (["explain", "unknown-key"], {"difflib", "pydantic", "compiler.model"}),
        (["validate"], {"difflib", "importlib.metadata", "subprocess"}),
    ],
)
def test_no_verb_imports_what_it_does_not_need(
    args: list[str], needless: set[str], spec: Path
) -> None:
    process = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "compiler", *args],
        capture_output=True, text=True, check=True, cwd=spec.parent,
    )  # fmt: skip
    imported = {line.rpartition("|")[2].strip() for line in process.stderr.splitlines()}
    assert "compiler.cli" in imported
    assert imported & needless == set()


def test_the_only_environment_needs_no_name(spec: Path) -> None:
    unnamed = run(["render", "-f", str(spec)])
    assert unnamed.exit_code == 2
    assert "name an environment: `dev`, `prod`" in unnamed.stderr
    spec.write_text(GOOD.partition("  environments:")[0])
    single = run(["render", "-f", str(spec)])
    assert single.exit_code == 0
    assert single.stdout == run(["render", "default", "-f", str(spec)]).stdout


def test_help_has_a_whole_line_for_each_verb() -> None:
    files = (ROOT / "compiler" / "commands").glob("*.py")
    verbs = {file.stem.replace("_", "-") for file in files if "\ndef command(" in file.read_text()}
    assert set(VERBS) == verbs
    lines = run(["--help"]).stdout.splitlines()
    assert {f"  {verb:<13}  {line}" for verb, line in VERBS.items()} <= set(lines)


@pytest.mark.parametrize("verb", [["compile", "--env"], ["render"], ["apply-plan"]])
def test_who_asks_for_one_environment_does_not_wait_for_the_others(
    verb: list[str], spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: set[str | None] = set()

    def noted(
        platforms: Mapping[str | None, Platform], graphs: Mapping[str | None, Graph], memo: Memo
    ) -> Mapping[str | None, Lowered]:
        names.update(graphs)
        return lower(platforms, graphs, memo)

    monkeypatch.setattr(pipeline, "lower", noted)
    assert run([*verb, "prod"]).exit_code == 0
    assert names
    assert names <= {None, "prod"}
