"""The client kit gives the user's pods the environment of a workload that uses the same things."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command_line import run
from support.programs import tool
from support.scenarios import compiled, scenario_names

from compiler.delivery import client_kit

SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: kits}
spec:
  components:
    seaweedfs: {}
    postgres: {}
    mlflow: {}
  workloads:
    training: {image: registry.example.internal/w:1, uses: [mlflow, postgres]}
    notebooks: {image: registry.example.internal/w:1, uses: [mlflow, postgres], run: elsewhere, serviceAccount: hub}
"""
USER_DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "own", "labels": {"platformc.dev/client": "notebooks"}},
    "spec": {
        "selector": {"matchLabels": {"app": "own"}},
        "template": {
            "metadata": {"labels": {"app": "own"}},
            "spec": {
                "containers": [
                    {"name": "main", "image": "own:1", "env": [{"name": "OWN", "value": "1"}]}
                ]
            },
        },
    },
}


def ran(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    spec = tmp_path / "platform.yaml"
    spec.write_text(SPEC)
    ran("client-kit", "default", "notebooks", "-f", str(spec))
    return tmp_path / "clients/default/notebooks"


def pod(manifests: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    actual = next(o for o in manifests if (o["kind"], o["metadata"]["name"]) == (kind, name))
    spec = actual["spec"]
    template: dict[str, Any] = (spec.get("jobTemplate", {}).get("spec") or spec)["template"]
    return template


def patched(kit: Path) -> dict[str, Any]:
    """A Deployment of the user's own, built with the kit's Component."""
    user_folder = kit.parent.parent / "own"
    user_folder.mkdir()
    (user_folder / "deployment.yaml").write_text(yaml.safe_dump(USER_DEPLOYMENT))
    component = os.path.relpath(kit, user_folder)
    kustomization = {"resources": ["deployment.yaml"], "components": [component]}
    (user_folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    built = subprocess.run(
        [tool("kustomize"), "build", str(user_folder)], capture_output=True, check=True
    )
    return pod(list(yaml.load_all(built.stdout, yaml.CSafeLoader)), "Deployment", "own")


def test_the_component_gives_what_a_workload_has(kit: Path) -> None:
    spec = kit.parent.parent.parent / "platform.yaml"
    patched_pod = patched(kit)
    manifests = list(yaml.load_all(ran("render", "default", "-f", str(spec)), yaml.CSafeLoader))
    compiled_pod = pod(manifests, "CronJob", "training")
    container, model = patched_pod["spec"]["containers"][0], compiled_pod["spec"]["containers"][0]
    person = ("HOME", "LOGNAME", "USER")  # an image of one's own knows its user
    expected = [variable for variable in model["env"] if variable["name"] not in person]
    text = yaml.safe_dump(expected).replace("training", "notebooks")
    assert [variable for variable in container["env"] if variable["name"] != "OWN"] == yaml.load(
        text, yaml.CSafeLoader
    )
    assert {"name": "OWN", "value": "1"} in container["env"]
    uses = {key for key in compiled_pod["metadata"]["labels"] if key.startswith("uses.")}
    assert uses <= set(patched_pod["metadata"]["labels"])
    assert patched_pod["spec"]["serviceAccountName"] == "hub"
    mounts = {volume_mount["mountPath"] for volume_mount in container["volumeMounts"]}
    assert mounts == {volume_mount["mountPath"] for volume_mount in model["volumeMounts"]} - {
        "/tmp"
    }


def test_the_config_map_has_every_variable_without_a_secret(kit: Path) -> None:
    spec = kit.parent.parent.parent / "platform.yaml"
    manifests = list(yaml.load_all(ran("render", "default", "-f", str(spec)), yaml.CSafeLoader))
    data = next(
        manifest["data"]
        for manifest in manifests
        if manifest["metadata"]["name"] == "notebooks-environment"
    )
    env = patched(kit)["spec"]["containers"][0]["env"]
    plain = {
        variable["name"]: variable["value"]
        for variable in env
        if "$(" not in variable.get("value", "$(")
    }
    assert data == {name: value for name, value in plain.items() if name != "OWN"}


def test_the_laptops_file_says_what_to_fill_in_and_holds_no_cluster_host(kit: Path) -> None:
    text = (kit / "client.env").read_text()
    empty = re.findall(r"^(\w+)=$", text, flags=re.M)
    assert empty == ["PGUSER", "PGPASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    assert text.count("# fill in: ") == len(empty)
    assert ".svc." not in text
    config = re.search(r"^AWS_CONFIG_FILE=(.+)$", text, flags=re.M)
    assert config is not None
    assert (kit / config[1]).is_file()


LAPTOP = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: kits}
spec:
  components:
    seaweedfs: {}
    postgres: {}
    pgbouncer: {}
    redis: {}
    feast: {project: p}
    dvc: {externalEndpoint: "http://localhost:8333", remotes: {datasets: {bucket: dvc-datasets}}}
  workloads:
    notebooks: {run: elsewhere, uses: [feast, dvc]}
"""


def test_the_laptops_files_agree_with_its_variables(tmp_path: Path) -> None:
    spec = tmp_path / "platform.yaml"
    spec.write_text(LAPTOP)
    ran("client-kit", "default", "notebooks", "-f", str(spec))
    kit = tmp_path / "clients/default/notebooks"
    lines = (kit / "client.env").read_text()
    assert "port-forward service/pgbouncer 6432:6432" in lines
    # Remotes are no server, and their clients' scratch folders are those of pods.
    assert "service/dvc" not in lines
    assert "=/tmp/" not in lines
    features = (kit / "files/etc/feast/feature_store.yaml").read_text()
    assert "@localhost:6432/feast" in features
    assert "localhost:6379," in features
    assert "endpointurl = http://localhost:8333" in (kit / "files/etc/dvc/config.local").read_text()


def test_a_shell_reads_the_values_as_they_are(tmp_path: Path) -> None:
    """Values that a shell would run or change, and references to other variables."""
    path = "/x;touch$IFS/simple&a='b'*"
    spec = tmp_path / "platform.yaml"
    spec.write_text(f"""\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {{name: kits}}
spec:
  components:
    redis: {{}}
    pypi: {{type: external-service, host: pypi.example.com, scheme: https, path: "{path}"}}
  workloads:
    lab: {{run: elsewhere, uses: [pypi, redis]}}
""")
    text = ran("env", "lab", "--laptop", "-f", str(spec))
    script = text.replace("REDIS_PASSWORD=", "REDIS_PASSWORD=secret")
    show = 'printf "%s\\n" "$PYPI_URL" "$REDIS_URL"\n'
    command = ["sh", "-eu", "-c", script + show]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    urls = [f"https://pypi.example.com{path}", "redis://lab-redis:secret@localhost:6379/0"]
    assert (result.stdout.splitlines(), result.stderr) == (urls, "")


def kits() -> Iterator[tuple[str, dict[str, str]]]:
    """The kits of all workloads of all scenarios."""
    for scenario in scenario_names():
        for environment, lowered in compiled(scenario).lowered.items():
            for instance in lowered.graph.instances.values():
                if instance.section == "workloads":
                    name = f"{scenario} {environment} {instance.name}"
                    yield (
                        name,
                        client_kit.kit(instance, lowered.graph.wiring(instance.name), "main"),
                    )


def test_no_laptop_gets_an_address_of_the_cluster() -> None:
    """Only a server whose certificate is for its name keeps it, by a line in /etc/hosts."""
    for name, files in kits():
        text = files["client.env"]
        assert ":0\n" not in text, name
        texts = {path: text for path, text in files.items() if path.startswith("files/")}
        texts["client.env"] = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
        for host in re.findall(r"`127\.0\.0\.1 (\S+)`", text):
            texts = {path: content.replace(host, "") for path, content in texts.items()}
        for path, content in texts.items():
            assert ".svc.cluster.local" not in content, f"{name} {path}"


def test_a_workload_that_is_none_is_refused(tmp_path: Path) -> None:
    spec = tmp_path / "platform.yaml"
    spec.write_text(SPEC)
    result = run("client-kit", "default", "notebook", "-f", spec)
    assert result.exit_code == 2
    assert "did you mean `notebooks`" in result.stderr
