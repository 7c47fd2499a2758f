"""Upstream systems: the required ones, the vendored ones, and the gaps of a cluster."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from support.command_line import run
from support.paths import SCENARIOS
from support.programs import tool
from support.scenarios import compiled, scenario_names

from compiler import pipeline
from compiler.files import UnsafePathError
from compiler.upstream.install_commands import install_commands, namespace_commands, patch_commands
from compiler.upstream.prerequisites import prerequisites, release
from compiler.upstream.settings_files import component

WORKFLOWS = SCENARIOS / "argo-workflows" / "platform.yaml"
ENVIRONMENT = compiled("argo-workflows").environments[0]


def test_prerequisites_say_what_where_and_how() -> None:
    result = run("prerequisites", ENVIRONMENT, "-f", str(WORKFLOWS), "--format", "json")
    assert result.exit_code == 0, result.output
    (prerequisite,) = json.loads(result.stdout)
    assert (prerequisite["name"], prerequisite["system"]) == ("argo-workflows", "Argo Workflows")
    assert any("install.yaml" in command for command in prerequisite["how"])
    text = run("prerequisites", ENVIRONMENT, "-f", str(WORKFLOWS)).stdout
    assert all(
        f"  {command}\n" in text for command in (*prerequisite["how"], *prerequisite["then"])
    )


CERTIFICATES = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: certificates}
spec:
  backup: {to: offsite}
  components:
    offsite: {type: external-s3, host: s3.example.com}
    seaweedfs: {}
    cloudnative-pg: {}
    kserve: {mode: standard, install: INSTALL}
    edge: {type: gateway-api}
"""


@pytest.mark.parametrize("install", ["existing", "vendored"])
def test_what_a_system_needs_is_printed_before_its_commands(install: str, tmp_path: Path) -> None:
    """cert-manager: without it, the API server refuses the certificates in the releases of others."""
    spec = tmp_path / "platform.yaml"
    spec.write_text(CERTIFICATES.replace("INSTALL", install))
    text = run("prerequisites", "default", "-f", spec).stdout
    lines = text.splitlines()
    (installed,) = [n for n, line in enumerate(lines) if "/cert-manager.yaml" in line]
    assert lines[installed - 1].startswith("cert-manager: cert-manager, ")
    waits = [line.rpartition("/")[2] for line in lines[installed + 1 : installed + 4]]
    assert waits == ["cert-manager", "cert-manager-cainjector", "cert-manager-webhook"]
    needs = [n for n, line in enumerate(lines) if line.startswith("cloudnative-pg: cert-manager")]
    (plugin,) = [n for n, line in enumerate(lines) if "/plugin-barman-cloud/" in line]
    assert installed < needs[0] < plugin
    # A controller of the Gateway API watches kinds of the release.
    assert text.index("standard-install.yaml") < text.index("a controller with the GatewayClass")
    records = json.loads(run("prerequisites", "default", "-f", spec, "--format", "json").stdout)
    assert records[0]["name"] == "cert-manager"
    assert [record["name"] for record in records].count("cert-manager") == 1
    assert f"  {records[0]['how'][0]}" == lines[installed]


def test_no_system_needs_certificates_by_default() -> None:
    assert "cert-manager" not in run("prerequisites", ENVIRONMENT, "-f", str(WORKFLOWS)).stdout


def printed(components: str, models: str = "{}") -> list[str]:
    """The commands that `prerequisites` prints for some components, in order."""
    text = (
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: one}\n"
        f"spec:\n  components: {components}\n  models: {models}\n"
    )
    graph = pipeline.compile(text.encode(), "platform.yaml").lowered["default"].graph
    return [
        command
        for prerequisite in prerequisites(graph)
        for command in (
            *namespace_commands(prerequisite, "told"), *install_commands(prerequisite), *patch_commands(prerequisite, "told")
        )
    ]  # fmt: skip


@pytest.mark.parametrize("settings", ["{}", "{backup: {}}"])
def test_the_operator_of_cloudnative_pg_answers_before_its_objects_come(settings: str) -> None:
    """Its webhook refuses every Cluster, Database and Pooler until it answers; `rollout status` waits for it."""
    commands = printed(f"{{cloudnative-pg: {settings}, minio: {{}}}}")
    wait = "kubectl -n cnpg-system rollout status deployment/cnpg-controller-manager"
    assert commands[-1] == wait


def test_namespaces_join_the_mesh_before_their_pods_are_made() -> None:
    """A mesh adds its proxy to a pod as the pod is made (knative-extensions/net-istio#1258)."""
    components = "{argo-workflows: {}, istio: {}, knative: {}, kserve: {}, postgres: {}, minio: {}}"
    commands = printed(components)
    mesh = next(
        at for at, command in enumerate(commands) if command.startswith("helm install istiod ")
    )
    for space, file in (("argo", "install.yaml"), ("knative-serving", "serving-core.yaml")):
        create = commands.index(f"kubectl create namespace {space}")
        (label,) = [
            at for at, command in enumerate(commands)
            if command.startswith(f"kubectl patch namespace {space} ")
        ]  # fmt: skip
        (apply,) = [at for at, command in enumerate(commands) if command.endswith(file)]
        assert mesh < create < label < apply


def test_a_release_is_changed_when_its_webhook_answers() -> None:
    """Knative's webhook judges each change of its ConfigMaps, and refuses all of them until it runs."""
    commands = printed("{istio: {}, knative: {}}")
    (wait,) = [at for at, command in enumerate(commands) if command.startswith("until kubectl ")]
    assert commands[wait - 1] == "kubectl -n knative-serving rollout status deployment/webhook"
    changes = [command.split()[3] for command in commands[wait:] if " patch configmap " in command]
    assert changes == ["config-domain", "config-features", "config-observability"]
    assert not any(" patch configmap " in command for command in commands[:wait])


def test_istiod_knows_of_the_plugin_that_is_there_before_it() -> None:
    commands = printed("{istio: {}}")
    charts = [command.split()[2] for command in commands if command.startswith("helm install ")]
    assert charts == ["istio-base", "cni", "istiod", "istio-ingressgateway"]
    (istiod,) = [command for command in commands if command.startswith("helm install istiod ")]
    assert " --set pilot.cni.enabled=true " in istiod
    assert " --set global.proxy.seccompProfile.type=RuntimeDefault " in istiod
    ambient = printed("{istio: {dataplane: ambient}}")
    assert not any("pilot.cni.enabled" in command for command in ambient)


@pytest.mark.parametrize("gateway", ["edge", "istio-gateway", "zone"])
@pytest.mark.parametrize("mesh", ["istio", "alpha", "mesh"])
def test_istiod_comes_before_the_gateways_chart_waits_for_it(gateway: str, mesh: str) -> None:
    """No binding ties the two, and their names say nothing about the order."""
    commands = printed(f"{{{gateway}: {{type: istio-gateway}}, {mesh}: {{type: istio}}}}")
    charts = [command.split()[3] for command in commands if command.startswith("helm install ")]
    assert charts == ["istio/base", "istio/cni", "istio/istiod", "istio/gateway"]


def test_the_gateways_chart_is_told_of_the_labels_that_others_rely_on() -> None:
    def chart(gateway: str) -> str:
        commands = printed(f"{{istio: {{}}, istio-gateway: {gateway}}}")
        (command,) = [command for command in commands if " istio/gateway " in command]
        return command

    assert "--set" not in chart("{}")
    assert "--set labels.istio=edge " in chart("{pods: {labels: {istio: edge}}}")
    dotted = chart("{pods: {labels: {example.com/door: main}}}")
    assert r"--set 'labels.example\.com/door=main' " in dotted
    assert chart("{pods: {serviceAccount: door, labels: {istio: door}}}").startswith(
        "helm install door istio/gateway "
    )
    assert "--set revision=canary " in chart("{revision: canary}")


def test_objects_of_custom_kinds_are_merged() -> None:
    """A strategic merge is for Kubernetes' own kinds; kubectl refuses it for all others."""
    model = "{iris: {format: sklearn, uri: 's3://models/iris'}}"
    commands = printed("{kserve: {mode: standard}, seaweedfs: {}}", model)
    (patch,) = [
        command for command in commands if command.startswith("kubectl patch clusterstorage")
    ]
    assert " --type merge " in patch
    assert not any("--type" in command for command in commands if "patch configmap" in command)


def test_a_release_may_write_a_namespace_into_what_has_none(tmp_path: Path) -> None:
    """KServe 0.20.0 does, with its ClusterStorageContainer."""
    (environment,) = compiled("kserve-standard").environments
    graph = compiled("kserve-standard").lowered[environment].graph
    (kserve,) = prerequisites(graph)
    stored = [
        {**manifest, "metadata": {**manifest["metadata"], "namespace": "kserve"}}
        for manifest in kserve.objects
    ]
    built = _built(tmp_path, component(kserve), stored)
    (container,) = [manifest for manifest in built if manifest["kind"] == "ClusterStorageContainer"]
    assert container["spec"]["container"]["securityContext"]["runAsNonRoot"] is True


@pytest.mark.parametrize("scenario", scenario_names())
def test_what_upstream_is_told_is_a_component_that_fits_it(scenario: str, tmp_path: Path) -> None:
    """kustomize applies the compiled Component to objects that have upstream's names."""
    result = compiled(scenario)
    tree = result.tree(rendered=())
    for name in result.environments:
        for prerequisite in prerequisites(result.lowered[name].graph):
            folder = f"prerequisites/{name}/{prerequisite.name}"
            files = component(prerequisite)
            assert {
                f"{folder}/{path}": text for path, text in files.items()
            }.items() <= tree.items()
            if files:
                assert _built(
                    tmp_path / name / prerequisite.name, files, list(prerequisite.objects)
                )


def _built(folder: Path, files: dict[str, str], objects: list[Any]) -> list[Any]:
    stubs = [
        {key: manifest[key] for key in ("apiVersion", "kind", "metadata")} for manifest in objects
    ]
    (folder / "told").mkdir(parents=True)
    (folder / "upstream.yaml").write_text(yaml.safe_dump_all(stubs))
    for name, text in files.items():
        (folder / "told" / name).write_text(text)
    top = {"resources": ["upstream.yaml"], "components": ["told"]}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(top))
    words = [tool("kustomize"), "build", str(folder)]
    built = subprocess.run(words, capture_output=True, text=True, check=True)
    actual = list(yaml.load_all(built.stdout, yaml.CSafeLoader))
    assert len(actual) == len(objects)
    return actual


RELEASE = """\
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Secret, metadata: {name: empty, namespace: argo}}
- {apiVersion: v1, kind: Secret, metadata: {name: full, namespace: argo}, data: {key: aGk=}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: workflow-controller, namespace: argo}
spec:
  template:
    spec:
      containers:
      - name: main
        image: quay.io/argoproj/workflow-controller:v1.0.0
        args: [--image=quay.io/argoproj/workflow-controller:v1.0.0]
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A platform with an upstream system, behind a mirror."""
    target = tmp_path / "platform.yaml"
    text = WORKFLOWS.read_text()
    target.write_text(text.replace("\nspec:\n", "\nspec:\n  registry: {mirror: mirror.local}\n", 1))
    return target


@pytest.fixture
def releases(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """An HTTP mirror with the release, and the release's file in it."""
    lowered = compiled("argo-workflows").lowered[ENVIRONMENT]
    (address,) = release(prerequisites(lowered.graph)[0])
    root = tmp_path / "mirror"
    file = root / address.removeprefix("https://")
    file.parent.mkdir(parents=True)
    file.write_text(RELEASE)
    handler = partial(Quiet, directory=str(root))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", file
    server.shutdown()
    server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, and prints no line for each request."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests' output is for failures."""


def vendor(spec: Path, base: str, *options: str) -> Result:
    return run("vendor", "argo-workflows", "-f", str(spec), "--from", base, *options)


def test_a_release_is_brought_along(spec: Path, releases: tuple[str, Path]) -> None:
    base, _ = releases
    result = vendor(spec, base)
    assert result.exit_code == 0, result.output
    folder = spec.parent / "operators" / "argo-workflows"
    words = [tool("kustomize"), "build", str(folder)]
    built = subprocess.run(words, capture_output=True, text=True, check=True)
    objects = list(yaml.load_all(built.stdout, yaml.CSafeLoader))
    assert sorted((manifest["kind"], manifest["metadata"]["name"]) for manifest in objects) == [
        ("Deployment", "workflow-controller"),
        ("Namespace", "argo"),
        ("Secret", "empty"),
    ]
    assert "aGk=" not in built.stdout
    image = "mirror.local/quay.io/argoproj/workflow-controller:v1.0.0"
    assert built.stdout.count(image) == 2
    lock = yaml.load((spec.parent / "platform.lock").read_text(), yaml.CSafeLoader)
    (digest,) = lock["operators"]["argo-workflows"].values()
    assert digest.startswith("sha256:")
    listed = json.loads(run("images", ENVIRONMENT, "-f", str(spec), "--format", "json").stdout)
    assert {"image": image.removeprefix("mirror.local/"), "pulled": image, "digest": None,
            "usedBy": ["operators/argo-workflows"]} in listed  # fmt: skip


def _append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda folder: None, set()),
        (lambda folder: _append(folder / "install.yaml", "---\nkind: ClusterRoleBinding\n"),
         {("edited-output", "install.yaml", "was edited")}),
        (lambda folder: (folder / "evil.yaml").write_text("kind: ClusterRole"),
         {("foreign-file", "evil.yaml", "was not written")}),
        (lambda folder: (folder / "namespace-argo.yaml").unlink(),
         {("edited-output", "namespace-argo.yaml", "was removed")}),
    ],
)  # fmt: skip
def test_a_change_of_a_vendored_release_is_reported(
    spec: Path, releases: tuple[str, Path], change: Callable[[Path], object],
    expected: set[tuple[str, str, str]],
) -> None:  # fmt: skip
    text = spec.read_text()
    spec.write_text(text.replace("argo-workflows: {", "argo-workflows: {install: vendored, ", 1))
    assert vendor(spec, releases[0]).exit_code == 0
    assert run("compile", "-f", str(spec)).exit_code == 0
    change(spec.parent / "operators" / "argo-workflows")
    for verb in (["validate"], ["compile", "--check"]):
        result = run(*verb, "-f", str(spec))
        assert result.exit_code == (1 if expected else 0), result.output
        for code, file, problem in expected:
            assert f"error[{code}]: `operators/argo-workflows/{file}` {problem}" in result.output
    shown = json.loads(run("diff", str(spec), "-f", str(spec), "--format", "json").stdout)
    assert shown["strays"] == [f"operators/argo-workflows/{file}" for _, file, _ in expected]
    (spec.parent / "operators" / "argo-workflows" / "evil.yaml").unlink(missing_ok=True)
    assert vendor(spec, releases[0]).exit_code == 0
    assert run("validate", "-f", str(spec)).exit_code == 0


@pytest.mark.parametrize("place", ["operators", "operators/argo-workflows"])
def test_a_release_is_not_brought_through_a_link(
    spec: Path, releases: tuple[str, Path], tmp_path: Path, place: str
) -> None:
    """Its old files are removed first: through a link, those of another folder would be."""
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "argo-workflows").mkdir(parents=True)
    for folder in (elsewhere, elsewhere / "argo-workflows"):
        (folder / "precious.yaml").write_text("precious")
    (spec.parent / place).parent.mkdir(exist_ok=True)
    (spec.parent / place).symlink_to(elsewhere)
    result = vendor(spec, releases[0])
    assert isinstance(result.exception, UnsafePathError)
    files = sorted(path.name for path in elsewhere.rglob("*.yaml"))
    assert files == ["precious.yaml", "precious.yaml"]


def test_a_release_that_changed_is_refused(spec: Path, releases: tuple[str, Path]) -> None:
    base, file = releases
    assert vendor(spec, base).exit_code == 0
    assert vendor(spec, base).exit_code == 0
    file.write_text(RELEASE.replace("v1.0.0", "v6.6.6"))
    refused = vendor(spec, base)
    assert refused.exit_code == 1
    assert "does not match platform.l" in refused.stderr
    assert "v6.6.6" not in (spec.parent / "operators/argo-workflows/install.yaml").read_text()
    assert vendor(spec, base, "--update").exit_code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing", "--from", "http://127.0.0.1:1"], "no upstream system `nothing`"),
        (["argo-workflows", "--from", "http://127.0.0.1:1"], "it refuses connections"),
        (["argo-workflows", "--from", "http://example.invalid"], "is not https"),
    ],
)
def test_a_release_that_cannot_be_had_is_said(spec: Path, words: list[str], message: str) -> None:
    result = run("vendor", "-f", str(spec), *words)
    assert result.exit_code != 0
    assert message in result.stderr
    assert not (spec.parent / "platform.lock").exists()
