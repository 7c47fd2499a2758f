"""Upstream systems that the platform brings along (`install: vendored`): every component that may be so, with a
release of two files and all settings in it.
"""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from click.testing import CliRunner, Result
from support import command_line
from support.programs import tool
from test_upstream import Quiet

from compiler import pipeline, registry
from compiler.cli import platformc
from compiler.model.package import Lowered
from compiler.model.prerequisite import Prerequisite
from compiler.upstream.object_images import object_images, with_mirrors
from compiler.upstream.prerequisites import prerequisites, release, vendored

# A platform for each component type, with all settings that it may have in upstream's objects.
COMPONENTS = {
    "argo-workflows": "istio: {}, argo-workflows: {install: vendored}, postgres: {}, seaweedfs: {}",
    "ceph": "ceph: {install: vendored}",
    "cloudnative-pg": "cloudnative-pg: {install: vendored, backup: {}}, minio: {}",
    "knative": "istio: {}, knative: {install: vendored}",
    "kserve": "kserve: {mode: standard, install: vendored}, seaweedfs: {}",
}
HEAD = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: one}\n"


def text_of(type: str) -> str:
    return f"{HEAD}spec:\n  domain: example.com\n  components: {{{COMPONENTS[type]}}}\n"


def lowered_of(text: str) -> Lowered:
    result = pipeline.compile(text.encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    return result.lowered["default"]


def the_vendored(type: str) -> Prerequisite:
    (system,) = vendored(lowered_of(text_of(type)).graph)
    return system


def run(*words: str) -> str:
    result = command_line.run(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_every_component_that_may_be_vendored_is_held_to_these_tests() -> None:
    types = set()
    for type in registry.builtin_types():
        component = registry.component(type)
        assert component is not None
        field = component.Spec.model_fields.get("install")
        if field is not None and "vendored" in get_args(field.annotation):
            types.add(type)
    assert types == set(COMPONENTS)


@pytest.fixture(params=COMPONENTS)
def platform(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A component type, and its platform with the vendored release."""
    spec = tmp_path / "platform.yaml"
    spec.write_text(text_of(request.param))
    root = tmp_path / "mirror"
    files = release_files(the_vendored(request.param))
    for address, objects in files.items():
        file = root / address.removeprefix("https://")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump_all(objects))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    run("compile", "-f", str(spec))
    run("vendor", "-f", str(spec), "--from", f"http://127.0.0.1:{server.server_port}")
    yield request.param, tmp_path
    server.shutdown()
    server.server_close()


def release_files(system: Prerequisite) -> dict[str, list[Any]]:
    """A release: its last file has upstream's objects, each file a marker, and two have the same definition."""
    addresses = re.findall(r"https://\S+", " ".join(system.how))
    files = {address: [config_map(f"marker-{index}")] for index, address in enumerate(addresses)}
    for address in addresses:
        files[address].append(config_map("in-every-file", address=address))
    keys = ("apiVersion", "kind", "metadata")
    files[addresses[-1]] += [
        {**{key: manifest[key] for key in keys}, "metadata": identity(manifest)}
        for manifest in system.objects
        if manifest["kind"] != "Namespace"
    ]
    return files


def config_map(name: str, **data: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "upstream"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def identity(manifest: Any) -> dict[str, str]:
    names = ("name", "namespace")
    return {key: manifest["metadata"][key] for key in names if key in manifest["metadata"]}


def test_the_releases_of_a_spec_from_the_standard_input_are_vendored(
    platform: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command comes as far as the address, where nothing answers."""
    type, folder = platform
    monkeypatch.chdir(folder)
    words = ["vendor", "-f", "-", "--from", "http://127.0.0.1:1"]
    result = CliRunner().invoke(platformc, words, input=text_of(type))
    assert "it refuses connections" in result.stderr


def test_all_files_of_a_release_are_applied_with_the_settings(platform: tuple[str, Path]) -> None:
    type, folder = platform
    system = the_vendored(type)
    words = [tool("kustomize"), "build", str(folder / "prerequisites/default" / system.name)]
    built = subprocess.run(words, capture_output=True, text=True, check=True)
    objects = list(yaml.load_all(built.stdout, yaml.CSafeLoader))
    by_name = {(manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in objects}
    assert len(by_name) == len(objects)
    addresses = re.findall(r"https://\S+", " ".join(system.how))
    markers = {("ConfigMap", f"marker-{index}") for index in range(len(addresses))}
    spaces = {("Namespace", name) for name in system.namespaces}
    assert markers | spaces <= by_name.keys()
    # kubectl would apply the last over the others.
    assert by_name["ConfigMap", "in-every-file"]["data"] == {"address": addresses[-1]}
    for required in system.objects:
        actual = by_name[required["kind"], required["metadata"]["name"]]
        assert contains(actual, required), required


def contains(actual: Any, required: Any) -> bool:
    if isinstance(required, dict):
        return all(key in actual and contains(actual[key], required[key]) for key in required)
    return bool(actual == required)


@pytest.mark.parametrize("type", COMPONENTS)
def test_the_plan_applies_the_release_with_its_settings_and_waits_for_it(
    type: str, tmp_path: Path
) -> None:
    spec = tmp_path / "platform.yaml"
    spec.write_text(text_of(type))
    lines = run("apply-plan", "-f", str(spec)).splitlines()
    system = the_vendored(type)
    folder = spec.parent / "prerequisites/default" / system.name
    (apply,) = [at for at, line in enumerate(lines) if f" -k {folder} ;" in line]
    wave = next(at for at, line in enumerate(lines) if line.startswith("# wave "))
    waits = [
        command
        for command in system.how
        if " rollout status " in command or " annotate " in command
    ]
    assert lines[apply + 1 : apply + 1 + len(waits)] == waits
    assert apply + len(waits) < wave
    assert all(" patch " not in line and "https://" not in line for line in lines[:wave])


@pytest.mark.parametrize("type", COMPONENTS)
def test_a_vendored_release_has_all_addresses_of_the_installation(type: str) -> None:
    system = the_vendored(type)
    assert list(release(system)) == re.findall(r"https://\S+", " ".join(system.how))
    assert not any("helm " in command for command in system.how)


def test_the_runtimes_of_models_are_vendored(tmp_path: Path) -> None:
    names = [address.rpartition("/")[2] for address in release(the_vendored("kserve"))]
    assert names == ["kserve-crds.yaml", "kserve.yaml", "kserve-cluster-resources.yaml"]


@pytest.mark.parametrize("type", ["kserve", "cloudnative-pg"])
def test_what_a_vendored_release_needs_is_a_prerequisite(type: str, tmp_path: Path) -> None:
    spec = tmp_path / "platform.yaml"
    spec.write_text(text_of(type))
    assert f"{type}: cert-manager" in run("prerequisites", "-f", str(spec))
    records = json.loads(run("prerequisites", "-f", str(spec), "--format", "json"))
    (record,) = [record for record in records if record["name"] == type]
    assert record["also"][0].startswith("cert-manager")
    assert "cert-manager" in run("apply-plan", "-f", str(spec)).splitlines()[0]


def images(spec: Path) -> Result:
    result = CliRunner().invoke(platformc, ["images", "-f", str(spec)])
    assert result.exit_code == 0, result.output
    return result


@pytest.mark.parametrize(
    "section",
    [
        "kserve: {mode: standard, namespace: models-system}, seaweedfs: {}",
        "ingress: {class: nginx}",
    ],
)
def test_no_chart_is_named_for_a_system_that_a_distribution_installs(
    section: str, tmp_path: Path
) -> None:
    spec = tmp_path / "platform.yaml"
    spec.write_text(f"{HEAD}spec:\n  components: {{{section}}}\n")
    lines = images(spec).stderr
    name = section.partition(":")[0]
    assert f"(`{name}`), which the distribution that installs it names" in lines
    assert "helm" not in lines


@pytest.mark.parametrize("install", ["existing", "vendored"])
def test_systems_whose_images_are_unknown_are_named(install: str, tmp_path: Path) -> None:
    spec = tmp_path / "platform.yaml"
    section = f"kserve: {{mode: standard, install: {install}}}, seldon: {{}}, seaweedfs: {{}}"
    spec.write_text(f"{HEAD}spec:\n  components: {{{section}}}\n")
    lines = images(spec).stderr
    assert "the images of KServe (`kserve`); `platformc vendor kserve`" in lines
    assert "the images of cert-manager 1.15 or later, which `kserve` needs" in lines
    assert "(`seldon`): `helm template`" in lines
    release_folder = tmp_path / "operators/kserve"
    release_folder.mkdir(parents=True)
    agent = {"agent": json.dumps({"image": "kserve/agent:v0.20.0"})}
    manifest = {**config_map("inferenceservice-config"), "data": agent}
    (release_folder / "kserve.yaml").write_text(yaml.safe_dump(manifest))
    result = images(spec)
    assert "(`kserve`)" not in result.stderr
    assert "kserve/agent:v0.20.0" in result.stdout


def test_images_in_the_settings_of_a_system_come_from_the_mirror(tmp_path: Path) -> None:
    spec = tmp_path / "platform.yaml"
    text = text_of("argo-workflows")
    spec.write_text(text.replace("spec:\n", "spec:\n  registry: {mirror: mirror.local}\n", 1))
    assert "mirror.local/quay.io/argoproj/argoexec:" in images(spec).stdout
    run("compile", "-f", str(spec))
    folder = tmp_path / "prerequisites/default/argo-workflows"
    settings = (folder / "patch-configmap-workflow-controller-configmap.yaml").read_text()
    assert "image: mirror.local/quay.io/argoproj/argoexec:" in settings


def test_an_image_that_is_the_text_of_a_setting_comes_from_the_mirror() -> None:
    """Knative makes the proxy in each pod of it (config/core/configmaps/deployment.yaml)."""
    queue = "gcr.io/knative-releases/knative.dev/serving/cmd/queue@sha256:" + "a" * 64
    settings = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "config-deployment"},
        "data": {"queue-sidecar-image": queue, "skip-image": "false", "progress-deadline": "600s"},
    }
    assert list(object_images(settings)) == [queue]
    assert with_mirrors(settings, {"*": "mirror.local"})["data"] == {
        "queue-sidecar-image": f"mirror.local/{queue}",
        "skip-image": "false",
        "progress-deadline": "600s",
    }


@pytest.mark.parametrize("type", COMPONENTS)
def test_a_vendored_system_is_no_prerequisite(type: str) -> None:
    graph = lowered_of(text_of(type)).graph
    assert the_vendored(type).name not in {system.name for system in prerequisites(graph)}
