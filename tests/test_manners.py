"""How the command line behaves in a shell: its options, its streams, and the words it completes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from click.testing import Result
from support import command_line
from support.paths import SCENARIOS

from compiler.commands.examples import examples, sentence
from compiler.commands.verbs import VERBS
from compiler.delivery.local_ports import local_ports

# A GPU on any node is a warning.
SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: small}
spec:
  components: {seaweedfs: {}, postgres: {}, mlflow: {}}
  workloads:
    training: {image: "registry.example.com/training:1.0", gpu: 1, uses: [mlflow]}
  environments: {dev: {}, prod: {}}
"""
BAD = SPEC.replace("mlflow: {}", "mlflow: {replicas: two}")


def run(args: Sequence[str], text: str | None = None) -> Result:
    return command_line.run(*args, input=text)


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "platform.yaml"
    path.write_text(SPEC)
    return path


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version_is_an_option_too(option: str) -> None:
    assert run([option]).stdout.startswith("platformc 0.")


@pytest.mark.parametrize("words", [["compile"], ["secrets", "rotate"], []])
def test_help_is_a_verb(words: list[str]) -> None:
    assert run(["help", *words]).stdout == run([*words, "--help"]).stdout


@pytest.mark.parametrize(
    ("typed", "advice"),
    [
        ("compile prod", "`platformc compile --env prod`"),
        ("graph prod -f platform.yaml", "`platformc graph --env prod`"),
        ("validate platform.yaml", "`platformc validate -f platform.yaml`"),
        ("render platform.yaml prod", "`platformc render -f platform.yaml`"),
    ],
)
def test_a_word_that_needs_an_option_is_answered_with_the_option(
    spec: Path, typed: str, advice: str
) -> None:
    result = run(typed.split())
    assert result.exit_code == 2
    assert advice in result.stderr
    assert "--env platform.yaml" not in result.stderr


@pytest.mark.parametrize(
    "typed",
    [
        "env zzz dev",
        "client-kit dev zzz",
        "secrets rotate dev zzz",
        "render dev --component zzz",
        "graph --of zzz",
        "apply-plan zzz",
        "init other --from zzz",
    ],
)
def test_an_unknown_name_is_answered_with_the_names_that_exist(spec: Path, typed: str) -> None:
    result = run(typed.split())
    assert result.exit_code == 2
    assert "zzz`; " in result.stderr


def test_help_knows_the_verb_that_was_meant() -> None:
    assert "Did you mean `compile`?" in run(["help", "complie"]).stderr
    assert "no verbs below it" in run(["help", "compile", "fast"]).stderr


@pytest.mark.parametrize("verb", [["validate"], ["compile"], ["render", "dev"], ["graph"]])
def test_diagnostics_go_to_stderr(verb: list[str], spec: Path) -> None:
    spec.write_text(BAD)
    result = run(verb)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error[wrong-type]")


def test_warnings_are_for_those_who_compile_or_validate(spec: Path) -> None:
    for verb in (["validate"], ["compile"]):
        assert "warning[gpu-placement]" in run(verb).stderr
    for verb in (["render", "dev"], ["graph"], ["images", "dev"], ["secrets", "list", "dev"],
                 ["apply-plan", "dev"], ["prerequisites", "dev"], ["client-kit", "dev", "training"]):  # fmt: skip
        result = run(verb)
        assert result.exit_code == 0
        assert "warning" not in result.stderr


def test_an_error_brings_no_warnings_to_other_verbs(spec: Path) -> None:
    spec.write_text(SPEC.replace("gpu: 1,", "gpu: 1, env: {DB_PASSWORD: correct-horse-battery},"))
    assert "warning[gpu-placement]" in run(["validate"]).stderr
    for verb in (["render", "dev"], ["graph"], ["images", "dev"], ["secrets", "list", "dev"],
                 ["apply-plan", "dev"], ["prerequisites", "dev"], ["diff", "platform.yaml", "platform.yaml"]):  # fmt: skip
        result = run(verb)
        assert "error[" in result.stderr, verb
        assert "warning" not in result.stderr, verb


@pytest.mark.parametrize("args", [["-q", "compile"], ["compile", "--quiet"]])
def test_quiet_is_without_a_word(args: list[str], spec: Path) -> None:
    result = run(args)
    assert (result.exit_code, result.output) == (0, "")
    spec.write_text(BAD)
    assert run(args).stderr.count("error[") == 1


@pytest.mark.parametrize("args", [["-v", "compile"], ["compile", "--verbose"]])
def test_verbose_names_the_stages(args: list[str], spec: Path) -> None:
    assert "reading the spec" in run(args).stderr


@pytest.mark.parametrize(
    ("variables", "options", "coloured"),
    [
        ({}, (), False),
        ({"FORCE_COLOR": "1"}, (), True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, (), False),
        ({"NO_COLOR": "1"}, ("--color", "always"), True),
        ({"FORCE_COLOR": "1"}, ("--color", "never"), False),
    ],
)
def test_colours(
    variables: dict[str, str], options: tuple[str, ...], coloured: bool, spec: Path
) -> None:
    spec.write_text(BAD)
    inherited = {key: value for key, value in os.environ.items() if "COLOR" not in key}
    for args in (["validate", *options], [*options, "validate"]):
        process = subprocess.run(
            [sys.executable, "-m", "compiler", *args], capture_output=True, text=True, check=False,
            env=inherited | variables,
        )  # fmt: skip
        assert process.returncode == 1
        assert ("\x1b[" in process.stderr) is coloured


def test_standard_input_is_a_spec(spec: Path) -> None:
    spec.unlink()
    assert run(["validate", "-f", "-"], SPEC).exit_code == 0
    assert "--> -:5:" in run(["validate", "-f", "-"], BAD).stderr
    assert "kind: Namespace" in run(["render", "dev", "-f", "-"], SPEC).stdout
    plan = run(
        ["apply-plan", "dev", "-f", "-"], SPEC
    )  # in `| sh -e`, its commands would read the plan
    assert plan.exit_code == 2
    assert plan.stdout == ""
    assert "name a file by `-f`" in plan.stderr
    refused = run(["validate", "--fix", "-f", "-"], BAD)
    assert refused.exit_code == 2
    assert "cannot be corrected in place" in refused.stderr


def test_several_specs_are_refused_with_a_command_for_each(spec: Path) -> None:
    result = run(["validate", "-f", "a.yaml", "-f", "b.yaml"])
    assert result.exit_code == 2
    assert "`platformc validate -f a.yaml && platformc validate -f b.yaml`" in result.stderr


def test_a_spec_as_an_argument_is_told_its_option(spec: Path) -> None:
    result = run(["validate", "platform.yaml"])
    assert result.exit_code == 2
    assert "`platformc validate -f platform.yaml`" in result.stderr


def test_the_spec_is_looked_for_in_folders_above(
    spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = spec.parent / "teams" / "vision"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert "../../platform.yaml: dev, prod: " in run(["compile"]).stderr
    assert (spec.parent / "base").is_dir()
    assert list(below.iterdir()) == []
    assert "-f ../../platform.yaml" in run(["apply-plan", "dev"]).stdout


def test_the_search_ends_with_the_repository(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = spec.parent / "elsewhere"
    (repository / ".git").mkdir(parents=True)
    monkeypatch.chdir(repository)
    result = run(["validate"])
    assert result.exit_code == 2
    assert "`platformc init` writes one" in result.stderr


def test_the_hint_of_a_missing_spec_writes_this_spec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    below = run(["validate", "-f", "team a/platform.yaml"]).stderr
    assert below.endswith("; `platformc init 'team a'` writes one\n")
    assert run(["init", "team a"]).exit_code == 0
    assert run(["validate", "-f", "team a/platform.yaml"]).exit_code == 0
    other = run(["validate", "-f", "team a/other.yaml"]).stderr
    assert other.endswith("; `platformc init 'team a'` writes a platform.yaml\n")
    again = run(["init", "team a"])
    assert (again.exit_code, "`platformc init FOLDER`" in again.stderr) == (2, True)


def test_each_step_names_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "next: platformc compile\n" in run(["init", "--lab"]).stderr
    compiled = run(["compile"]).stderr
    assert "platformc secrets generate default " in compiled
    assert "platformc apply-plan default " in compiled
    assert "kubectl apply --server-side -k secrets/default\n" in run(
        ["secrets", "generate"]
    ).stderr  # fmt: skip
    spec = tmp_path / "platform.yaml"
    spec.write_text(spec.read_text().replace("5Gi", "6Gi"))
    assert "next:" not in run(["compile"]).stderr
    command = "kubectl port-forward -n mlops service/mlflow 5000:5000"
    assert f"# open mlflow at http://localhost:5000: {command}" in run(["apply-plan"]).stdout


def test_each_page_has_its_own_local_port(spec: Path) -> None:
    servers = "mlflow: {}, second: {type: mlflow}, third: {type: mlflow}"
    spec.write_text(SPEC.replace("mlflow: {}", servers))
    plan = run(["apply-plan", "prod"]).stdout
    for name, port in (("mlflow", 5000), ("second", 5001), ("third", 5002)):
        command = f"kubectl port-forward -n mlops service/{name} {port}:5000"
        assert f"# open {name} at http://localhost:{port}: {command}\n" in plan


@pytest.mark.parametrize(("edge", "scheme"), [("", "https"), (", edge: {type: ingress}", "http")])
def test_a_server_with_tls_of_its_own_is_opened_by_it(spec: Path, edge: str, scheme: str) -> None:
    """Argo's server has TLS, and none behind a gateway, which has the certificate."""
    settings = "domain: a.example\n  login: {issuer: 'https://sso.a.example', client: {id: ml}}\n"
    text = SPEC.replace("mlflow: {}", f"mlflow: {{}}, argo-workflows: {{}}{edge}")
    spec.write_text(text.replace("spec:\n", f"spec:\n  {settings}"))
    plan = run(["apply-plan", "prod"]).stdout
    assert f"# open argo-workflows at {scheme}://localhost:2746: " in plan
    assert "# open mlflow at http://localhost:5000: " in plan


def test_the_plan_names_the_command_that_starts_a_workload_by_hand(spec: Path) -> None:
    further = """\
    backtest: {image: "a.b/c:1", workflow: true}
    nightly: {image: "a.b/c:1", schedule: "0 2 * * *"}
    once: {image: "a.b/c:1", run: once}
  environments:"""
    text = SPEC.replace("mlflow: {}", "mlflow: {}, argo-workflows: {}", 1)
    spec.write_text(text.replace("  environments:", further))
    started = [
        line for line in run(["apply-plan", "prod"]).stdout.splitlines() if "# start" in line
    ]
    assert started == [
        "# start backtest: argo submit -n mlops --from workflowtemplate/backtest",
        "# start training: kubectl create job -n mlops training-1 --from=cronjob/training",
    ]


def test_a_page_keeps_its_port_if_it_is_free() -> None:
    assert local_ports([5000, 5000, 5001, 80, 8080, 443]) == [5000, 5002, 5001, 8081, 8080, 8443]


def test_a_page_with_a_host_is_opened_there(spec: Path) -> None:
    login = "  login: {issuer: 'https://sso.example', client: {id: ml}, groups: [ml]}\n"
    settings = f"spec:\n  domain: ml.example\n  tls: {{issuer: {{name: ca}}}}\n{login}"
    text = SPEC.replace("spec:\n", settings, 1).replace("{dev: {}, prod: {}}", "{prod: {}}")
    spec.write_text(text.replace("mlflow: {}", "mlflow: {}, edge: {type: ingress}"))
    opened = "# open mlflow at https://mlflow.ml.example\n"
    assert opened in run(["apply-plan", "prod"]).stdout


def test_prerequisites_come_first(spec: Path) -> None:
    spec.write_text(SPEC.replace("mlflow: {}", "mlflow: {}, istio: {}"))
    message = run(["compile"]).stderr
    assert message.index("platformc prerequisites dev") < message.index(
        "platformc secrets generate dev"
    )


@pytest.mark.parametrize("options", [[], ["--lab"]])
def test_a_first_spec_explains_itself(options: list[str], tmp_path: Path) -> None:
    run(["init", str(tmp_path), *options])
    lines = (tmp_path / "platform.yaml").read_text().splitlines()
    assert len([line for line in lines if "#" in line]) >= 8


def test_every_example_has_a_sentence_and_starts_a_platform(tmp_path: Path) -> None:
    listed = run(["init", "--list"]).stdout
    scenarios = {path.parent.name for path in SCENARIOS.glob("*/platform.yaml")}
    assert scenarios - set(examples()) == {"hostile-strings"}  # no start for a platform
    for name, spec in examples().items():
        assert f"{name} " in listed
        assert sentence(spec).endswith(".")
    assert run(["init", str(tmp_path), "--from", "two-teams", "--name", "ours"]).exit_code == 0
    result = run(["validate", "-f", str(tmp_path / "platform.yaml")])
    assert result.exit_code == 0


@pytest.mark.parametrize("name", sorted(examples()))
def test_an_example_gets_another_name_and_no_other_change(name: str, tmp_path: Path) -> None:
    assert run(["init", str(tmp_path), "--from", name, "--name", "ours"]).exit_code == 0
    text = (tmp_path / "platform.yaml").read_text()
    before = (SCENARIOS / name / "platform.yaml").read_text().splitlines()
    renamed = yaml.safe_load(text)
    assert renamed["metadata"]["name"] == "ours"
    assert renamed["spec"] == yaml.safe_load("\n".join(before))["spec"]
    changed = set(text.splitlines()) - set(before)
    assert len(changed) == 2  # the name, and the schema for editors


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("ceph", "write the certificate of your authority (PEM) into certs/example.pem"),
        (
            "private-authority",
            "write the certificate of your authority (PEM) into certs/example.pem",
        ),
        ("model-registry", "platformc models lock prod --server URL"),
    ],
)
def test_an_example_says_what_must_be_there_before_a_compile(
    name: str, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    message = run(["init", "--from", name]).stderr
    assert f"  {step}" in message
    assert message.endswith("  platformc compile\n")
    for path in ("certs", "platform.lock"):
        source = SCENARIOS / name / path
        if source.is_dir():
            shutil.copytree(source, tmp_path / path)
        elif source.exists():
            shutil.copy(source, tmp_path / path)
    assert run(["compile"]).exit_code == 0


def test_git_ignores_plain_secrets_and_no_encrypted_ones(tmp_path: Path) -> None:
    assert run(["init", str(tmp_path)]).exit_code == 0
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    names = (
        "secret-a-b.yaml",
        "secret-a-b.sops.yaml",
        "sealedsecret-a-b.yaml",
        "kustomization.yaml",
    )
    paths = [f"secrets/dev/{name}" for name in names]
    words = ["git", "-C", str(tmp_path), "check-ignore", *paths]
    ignored = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    assert ignored.splitlines() == ["secrets/dev/secret-a-b.yaml"]


def test_a_mistyped_example_gets_the_right_one(tmp_path: Path) -> None:
    result = run(["init", str(tmp_path), "--from", "two-team"])
    assert result.exit_code == 2
    assert "did you mean `two-teams`?" in result.stderr
    assert list(tmp_path.iterdir()) == []


# The message of each shell's script: the words typed so far, and the one to complete.
def completed(shell: str, words: str, current: str) -> set[str]:
    typed = f"platformc {words}".strip()
    count = len(typed.split())
    request = {
        "bash": {"COMP_WORDS": f"{typed} {current}", "COMP_CWORD": str(count)},
        "zsh": {"COMP_WORDS": f"{typed} {current}", "COMP_CWORD": str(count)},
        "fish": {"COMP_WORDS": typed, "COMP_CWORD": current},
    }[shell]
    process = subprocess.run(
        [sys.executable, "-m", "compiler"], capture_output=True, text=True, check=False,
        env=os.environ | request | {"_PLATFORMC_COMPLETE": f"{shell}_complete"},
    )  # fmt: skip
    assert process.stderr == ""
    lines = process.stdout.splitlines()
    if shell == "zsh":  # three lines for each: its type, the word, its help
        return set(lines[1::3])
    if shell == "bash":  # the type and the word
        return {line.split(",")[1] for line in lines if line}
    return {line.split("\t")[0].removeprefix("plain,") for line in lines if line}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("words", "current", "expected"),
    [
        ("", "comp", {"compile", "completion"}),
        ("render", "", {"dev", "prod"}),
        ("compile --env", "p", {"prod"}),
        ("render dev --component", "ml", {"mlflow"}),
        ("client-kit dev", "", {"training"}),
        ("env", "", {"training"}),
        ("secrets rotate dev", "mlflow-b", {"mlflow-backend-store"}),
        ("explain", "unbound", {"unbound-requirement"}),
        ("init --from", "two", {"two-teams"}),
        ("help secrets", "r", {"rotate"}),
        ("validate --color", "al", {"always"}),
    ],
)
def test_a_shell_completes(
    shell: str, words: str, current: str, expected: set[str], spec: Path
) -> None:
    assert completed(shell, words, current) == expected


# A shell types a completed word as it is: `;` would begin a command, ESC would steer the terminal.
@pytest.mark.parametrize("words", ["render", "render dev -c", "env", "client-kit dev"])
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_only_names_that_the_language_accepts(
    shell: str, words: str, spec: Path
) -> None:
    names = r'"prod;id>pwned": {}, "$(id)": {}, "a\e]0;b": {}, "Prod": {}, "a b": {}, good: {}'
    named = f"{{{names}}}"
    spec.write_text(
        "kind: Platform\nmetadata: {name: a}\n"
        f"spec: {{components: {named}, workloads: {named}, environments: {named}}}\n"
    )
    assert completed(shell, words, "") == {"good"}


def test_a_spec_that_is_wrong_or_missing_completes_nothing(spec: Path) -> None:
    spec.write_text("spec: [")
    assert completed("bash", "render", "") == set()
    spec.unlink()
    assert completed("bash", "secrets rotate dev", "") == set()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_asks_platformc(shell: str) -> None:
    assert f"_PLATFORMC_COMPLETE={shell}_complete" in run(["completion", shell]).stdout


def test_the_script_works_in_bash(spec: Path, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "platformc"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m compiler "$@"\n')
    program.chmod(0o755)
    lines = (
        'eval "$(platformc completion bash)"',
        "COMP_WORDS=(platformc render '') COMP_CWORD=2",
        "_platformc_completion platformc",
        'echo "${COMPREPLY[@]}"',
    )
    process = subprocess.run(
        ["bash", "--norc", "-c", "\n".join(lines)], capture_output=True, text=True, check=True,
        env=os.environ | {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip
    assert process.stdout.split() == ["dev", "prod"]


def test_every_verb_takes_the_common_options() -> None:
    for verb in VERBS:
        help = run([verb, "--help"]).stdout
        if "COMMAND [ARGS]" not in help:
            assert {"--quiet", "--verbose", "--color"} <= set(help.replace(",", " ").split())


def test_printed_commands_name_the_spec_and_the_folder_of_the_output(
    spec: Path, tmp_path: Path
) -> None:
    spec.rename(tmp_path / "ok.yaml")
    options = ["-f", "ok.yaml", "-o", "out3"]
    stale = run(["compile", "--check", *options])
    assert "run `platformc compile -f ok.yaml -o out3` and commit" in stale.stderr
    assert run(["compile", *options]).exit_code == 0
    first = next(path for path in sorted((tmp_path / "out3" / "base").rglob("*.yaml")))
    first.write_text("edited")
    edited = run(["compile", *options]).stderr
    assert "`platformc compile -f ok.yaml -o out3 --force`" in edited
    made = run(["secrets", "generate", "dev", *options])
    assert made.exit_code == 0
    assert "kubectl apply --server-side -k out3/secrets/dev\n" in made.stderr
    assert (tmp_path / "out3" / "secrets" / "dev" / "kustomization.yaml").exists()


def test_a_kit_is_named_by_its_path_from_the_current_folder(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    result = run(["client-kit", "dev", "training"])
    assert result.stderr.startswith("../clients/dev/training: for the namespace ")
