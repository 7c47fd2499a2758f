"""Delivery by Argo CD: the plugin's files, its output, and the applications."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest
import yaml
from click.testing import CliRunner, Result
from support import command_line
from support.paths import ROOT, SCENARIOS
from support.programs import tool
from support.scenarios import compiled, scenario_names

from benchmarks.platforms import platform
from compiler.cli import platformc
from compiler.delivery.argocd.plugin import MOST_VALUES, PARAMETERS
from compiler.diagnostics import Report
from compiler.emit.manifests import manifests
from compiler.load import load
from compiler.verify import problems

SPEC = str(ROOT / "platform.yaml")
MINIMAL_SPEC = str(SCENARIOS / "minimal" / "platform.yaml")
REPOSITORY = "https://git.example.com/ml/platform.git"
IMAGE = "registry.example.com/platformc-plugin:0.1.0"


def run(*words: str, **variables: str) -> Result:
    return command_line.run("argocd", *words, **variables)


def documents(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return list(yaml.load_all(result.stdout, yaml.CSafeLoader))


REPO_SERVER: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "argocd-repo-server", "namespace": "argocd"},
    "spec": {
        "selector": {"matchLabels": {"app": "repo"}},
        "template": {
            "metadata": {"labels": {"app": "repo"}},
            "spec": {
                "containers": [{"name": "argocd-repo-server", "image": "quay.io/argoproj/argocd:v3"}],
                "volumes": [
                    {"name": "var-files", "emptyDir": {}},
                    {"name": "plugins", "emptyDir": {}},
                ],
            },
        },
    },
}  # fmt: skip


def installed(folder: Path) -> list[dict[str, Any]]:
    """Argo CD's repository server with the plugin, as kustomize builds it."""
    assert run("plugin", "--image", IMAGE, "-o", str(folder / "plugin")).exit_code == 0
    (folder / "server.yaml").write_text(yaml.safe_dump(REPO_SERVER))
    top = {"resources": ["server.yaml"], "components": ["plugin"]}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(top))
    words = [tool("kustomize"), "build", str(folder)]
    built = subprocess.run(words, capture_output=True, text=True, check=True)
    return list(yaml.load_all(built.stdout, yaml.CSafeLoader))


def test_the_sidecar_joins_the_repository_server(tmp_path: Path) -> None:
    objects = {manifest["kind"]: manifest for manifest in installed(tmp_path)}
    assert not [text for manifest in objects.values() for text in problems(manifest)]
    pod = objects["Deployment"]["spec"]["template"]["spec"]
    containers = {container["name"]: container for container in pod["containers"]}
    assert set(containers) == {"argocd-repo-server", "platformc"}
    sidecar = containers["platformc"]
    assert sidecar["image"] == IMAGE
    mounted = {mount["name"] for mount in sidecar["volumeMounts"]}
    assert mounted <= {volume["name"] for volume in pod["volumes"]}
    context = sidecar["securityContext"]
    assert context["runAsUser"] == 999
    assert context["readOnlyRootFilesystem"] is True
    plugin = (tmp_path / "plugin" / "plugin.yaml").read_text()
    assert objects["ConfigMap"]["data"] == {"plugin.yaml": plugin}


def test_the_plugin_announces_its_parameters_and_runs_this_compiler(tmp_path: Path) -> None:
    installed(tmp_path)
    spec = yaml.load((tmp_path / "plugin" / "plugin.yaml").read_text(), yaml.CSafeLoader)["spec"]
    announced = [parameter["name"] for parameter in spec["parameters"]["static"]]
    assert announced == ["environment", "component", "revision"] == list(PARAMETERS)
    assert spec["discover"] == {"fileName": "platform.yaml"}
    command, *words = spec["generate"]["command"]
    assert command == "platformc"
    result = CliRunner().invoke(platformc, [*words, "-f", MINIMAL_SPEC])
    assert documents(result) == manifests(compiled("minimal").lowered["default"])


def parameters(**values: str) -> dict[str, str]:
    listed = [{"name": name, "string": value} for name, value in values.items()]
    return {"ARGOCD_APP_PARAMETERS": json.dumps(listed)}


def test_an_application_asks_for_an_environment_and_a_component() -> None:
    rendered_documents = documents(run("generate", "-f", SPEC, **parameters(environment="dev")))
    part = parameters(environment="dev", component="mlflow")
    only = documents(run("generate", "-f", SPEC, **part))
    assert only == [
        document for document in rendered_documents
        if document["metadata"]["labels"]["app.kubernetes.io/instance"] == "mlflow"
    ]  # fmt: skip
    by_variable = documents(run("generate", "-f", SPEC, ARGOCD_ENV_ENVIRONMENT="dev"))
    assert by_variable == rendered_documents


FAILURES = {
    "no environment": ({}, "the parameter `environment` is missing"),
    "another environment": (parameters(environment="prd"), "did you mean `prod`?"),
    "another component": (
        parameters(environment="dev", component="mlfow"), "did you mean `mlflow`?"),
    "another parameter": (parameters(env="dev"), "no parameter `env`"),
    "parameters that are none": ({"ARGOCD_APP_PARAMETERS": "{"}, "is not a list of parameters"),
    "a map of parameters": ({"ARGOCD_APP_PARAMETERS": "{}"}, "is not a list of parameters"),
    "null": ({"ARGOCD_APP_PARAMETERS": "null"}, "is not a list of parameters"),
    "a list of components": (
        {"ARGOCD_APP_PARAMETERS": json.dumps([
            {"name": "environment", "string": "dev"},
            {"name": "component", "array": ["mlflow"]}])},
        "the parameter `component` takes one text"),
    "a blank component": (parameters(environment="dev", component=" "), "no component ` `"),
    "a revision that Argo CD does not know": (
        parameters(environment="dev", revision="abc"), "pinned to revision `abc`"),
    "another revision": (
        {**parameters(environment="dev", revision="abc"), "ARGOCD_APP_REVISION": "def0123"},
        "pinned to revision `abc`"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", FAILURES)
def test_what_is_wrong_fails_and_prints_no_manifest(mistake: str) -> None:
    variables, message = FAILURES[mistake]
    result = run("generate", "-f", SPEC, **variables)
    assert result.exit_code != 0
    assert result.stdout == ""
    assert message in result.stderr


def test_the_plugin_reads_the_largest_platform_of_the_benchmarks_and_no_larger_spec(
    tmp_path: Path,
) -> None:
    """All applications share the sidecar's memory, and the author of one spec chooses its size."""
    largest = yaml.dump(platform(5000, 20)).encode()
    assert load(largest, "platform.yaml", Report(), MOST_VALUES) is not None
    spec = tmp_path / "platform.yaml"
    silences = "    - {code: open-ui, reason: a}\n" * (MOST_VALUES // 3)
    head = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: example}\nspec:\n"
    spec.write_text(f"{head}  silence:\n{silences}")
    result = run("generate", "-f", str(spec))
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"the spec has more than {MOST_VALUES} values" in result.stderr


_WITH_LITTLE_MEMORY = """
from compiler.delivery.argocd import plugin
plugin.MOST_MEMORY = 80 * 2**20
from compiler.cli import platformc
platformc(["argocd", "generate"])
"""


@pytest.mark.parametrize("by_argo_cd", [True, False])
def test_one_application_does_not_take_the_memory_of_all(tmp_path: Path, by_argo_cd: bool) -> None:
    head = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: example}\nspec:\n"
    servers = "".join(f"    r{index}: {{type: redis}}\n" for index in range(600))
    (tmp_path / "platform.yaml").write_text(f"{head}  components:\n{servers}")
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "ARGOCD_APP_NAME": "one"}
    if not by_argo_cd:
        del variables["ARGOCD_APP_NAME"]
    process = subprocess.run(
        [sys.executable, "-c", _WITH_LITTLE_MEMORY], cwd=tmp_path, env=variables,
        capture_output=True, text=True,
    )  # fmt: skip
    if by_argo_cd:
        assert (process.returncode, process.stdout) == (1, "")
        assert "needs more memory than the plugin has for it (80 MiB)" in process.stderr
    else:
        assert process.returncode == 0


def generated(
    arrange: Callable[[], None], stdout: int | IO[bytes] | None, **variables: str
) -> subprocess.Popen[bytes]:
    """The plugin's command in its own process, as the plugin server starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "compiler", "argocd", "generate", "-f", SPEC],
        stdout=stdout, stderr=subprocess.PIPE, preexec_fn=arrange,  # no threads
        env={**os.environ, "PYTHONPATH": str(ROOT), "ARGOCD_ENV_ENVIRONMENT": "dev", **variables},
    )  # fmt: skip


def nothing() -> None:
    pass


BUFFERS = pytest.mark.parametrize("unbuffered", ["", "1"])


@BUFFERS
def test_a_reader_that_goes_away_is_no_success(unbuffered: str) -> None:
    process = generated(nothing, subprocess.PIPE, PYTHONUNBUFFERED=unbuffered)
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.wait() != 0


@BUFFERS
@pytest.mark.parametrize("room", [0, 20_000])
def test_a_full_disk_is_no_success(tmp_path: Path, unbuffered: str, room: int) -> None:
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    with (tmp_path / "out").open("wb") as out:
        process = generated(little_room, out, PYTHONUNBUFFERED=unbuffered)
        _, message = process.communicate()
    assert process.returncode == 2
    assert b"the output is incomplete" in message


def test_without_an_output_it_is_no_success() -> None:
    process = generated(lambda: os.close(1), None)
    _, message = process.communicate()
    assert process.returncode == 2
    assert b"no standard output" in message


def test_a_pinned_revision_is_rendered() -> None:
    pinned = parameters(environment="dev", revision="abc")
    assert documents(run("generate", "-f", SPEC, **pinned, ARGOCD_APP_REVISION="abcdef0"))


def test_an_empty_platform_is_no_empty_stream(tmp_path: Path) -> None:
    spec = tmp_path / "platform.yaml"
    spec.write_text(
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: p}\nspec: {}\n"
    )
    result = run("generate", "-f", str(spec))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "would delete all" in result.stderr


def test_a_broken_spec_prints_no_manifest(tmp_path: Path) -> None:
    spec = tmp_path / "platform.yaml"
    spec.write_text(Path(MINIMAL_SPEC).read_text().replace("mlflow", "mlfow"))
    result = run("generate", "-f", str(spec))
    assert (result.exit_code, result.stdout) == (1, "")


@pytest.mark.parametrize("scenario", scenario_names())
@pytest.mark.parametrize("form", ["--set", ""])
def test_argo_cds_objects_fit_their_schemas_and_allow_the_platform(
    scenario: str, form: str
) -> None:
    spec = str(SCENARIOS / scenario / "platform.yaml")
    words = ["applications", "-f", spec, "--repo", REPOSITORY, *filter(None, [form])]
    objects = documents(run(*words))
    assert not [text for manifest in objects for text in problems(manifest)]
    project = objects[0]["spec"]
    result = compiled(scenario)
    spaces = {destination["namespace"] for destination in project["destinations"]}
    needed = set()
    for name in result.environments:
        needed.add(result.lowered[name].platform.settings.namespace)
        for manifest in manifests(result.lowered[name]):
            space = manifest["metadata"].get("namespace")
            if manifest["kind"] == "Namespace" or space:
                needed.add(space or manifest["metadata"]["name"])
            listed = "namespaceResourceWhitelist" if space else "clusterResourceWhitelist"
            kind = {"group": manifest["apiVersion"].rpartition("/")[0], "kind": manifest["kind"]}
            assert kind in project[listed]
    assert spaces == needed


def test_each_environment_is_an_application() -> None:
    _, *apps = documents(run("applications", "-f", SPEC, "--repo", REPOSITORY, "--path", "ml"))
    assert [app["metadata"]["name"] for app in apps] == [
        f"on-prem-mlops-{name}" for name in ("dev", "staging", "prod")
    ]
    for app in apps:
        spec = app["spec"]
        environment = app["metadata"]["name"].rpartition("-")[2]
        assert spec["source"]["path"] == "ml"
        assert spec["source"]["plugin"]["parameters"] == [
            {"name": "environment", "string": environment}
        ]
        assert spec["destination"]["name"] == environment
        assert spec["syncPolicy"]["automated"]["allowEmpty"] is False
        assert "finalizers" not in app["metadata"]


@pytest.mark.parametrize("inside", [".", "infra/ml"])
@pytest.mark.parametrize("road", ["plugin", "rendered"])
def test_the_path_is_that_of_the_spec_in_its_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str, road: str
) -> None:
    folder = tmp_path / inside
    folder.mkdir(parents=True, exist_ok=True)
    text = Path(MINIMAL_SPEC).read_text()
    (folder / "platform.yaml").write_text(text.replace("spec:\n", "spec:\n  rendered: true\n"))
    words = ("applications", "--repo", REPOSITORY, "--road", road)
    out = "" if road == "plugin" else "/out/default"
    for working_folder, file in ((tmp_path, f"{inside}/platform.yaml"), (folder, "platform.yaml")):
        monkeypatch.chdir(working_folder)
        _, app = documents(run(*words, "-f", file))
        assert app["spec"]["source"]["path"] == f".{out}".removeprefix("./")
        (tmp_path / ".git").mkdir()
        _, app = documents(run(*words, "-f", file))
        assert app["spec"]["source"]["path"] == f"{inside}{out}".removeprefix("./")
        (tmp_path / ".git").rmdir()


def test_no_application_is_printed_that_argo_cd_could_not_render(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plugin would render another spec of the folder, and a variable without a value names no repository."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "second.yaml").write_text(Path(MINIMAL_SPEC).read_text())
    other = run("applications", "-f", "second.yaml", "--repo", REPOSITORY)
    assert (other.exit_code, other.stdout) == (2, "")
    assert "the plugin reads platform.yaml, and not second.yaml" in other.stderr
    empty = run("applications", "-f", MINIMAL_SPEC, "--repo", "")
    assert (empty.exit_code, empty.stdout) == (2, "")


@pytest.mark.parametrize("road", ["plugin", "rendered"])
def test_a_set_makes_the_same_applications(road: str) -> None:
    words = ("applications", "-f", SPEC, "--repo", REPOSITORY, "--road", road)
    _, *apps = documents(run(*words))
    _, applications = documents(run(*words, "--set"))
    template = json.dumps(applications["spec"]["template"])
    expanded = []
    for element in applications["spec"]["generators"][0]["list"]["elements"]:
        text = template
        for key, value in element.items():
            text = text.replace(f"{{{{.{key}}}}}", value)
        expanded.append(json.loads(text))
    assert [(application["metadata"]["name"], application["spec"]) for application in expanded] == [
        (app["metadata"]["name"], app["spec"]) for app in apps
    ]


def test_the_rendered_road_builds_the_kustomization_of_the_output() -> None:
    _, *apps = documents(
        run("applications", "-f", SPEC, "--repo", REPOSITORY, "--road", "rendered")
    )
    for app in apps:
        source = app["spec"]["source"]
        assert "directory" not in source
        assert source["kustomize"], "Argo CD would let the files of the folder choose a tool"
        assert (ROOT / source["path"] / "Kustomization").is_file()
    refused = run("applications", "-f", MINIMAL_SPEC, "--repo", REPOSITORY, "--road", "rendered")
    assert refused.exit_code == 1
    assert "rendered: true" in refused.stderr


def test_the_image_is_built_from_what_is_here() -> None:
    """The files that the container file copies exist, and it ends as the sidecar's user."""
    lines = (ROOT / "argocd" / "Containerfile").read_text().splitlines()
    steps = [line.split(" ", 1) for line in lines if line and not line.startswith("#")]
    for step, rest in steps:
        if step == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source
        if step == "FROM":
            assert re.search(r":\d+\.\d+\S*@sha256:[0-9a-f]{64}", rest), rest
    assert [rest for step, rest in steps if step == "USER"] == ["999"]
    assert steps[-1] == ["ENTRYPOINT", '["platformc"]']
