"""Taking over a running platform: the compiled names, the plan, `platformc adopt`, and the guide to it."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from support.command_line import run
from support.diagnosing import HEADER
from support.paths import ROOT, SCENARIOS
from support.scenarios import compiled

from compiler.pipeline import compile as compile_spec

GUIDE = (ROOT / "docs" / "how-to" / "adopt.md").read_text(encoding="utf-8")
EMPTY, ADOPTED, RENAMED = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
COMMANDS = [
    line.partition("  #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    for line in block.splitlines()
]
PASSWORD = "hunter2-is-no-secret"
KUBECTL = ""  # the script of a kubectl that does something else than answer


def workload(kind: str, name: str, container: dict[str, Any], **spec: Any) -> dict[str, Any]:
    labels = {"app": name}
    pod = {"containers": [container], "volumes": spec.pop("volumes", [])}
    template = {"metadata": {"labels": labels}, "spec": pod}
    return {
        "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": "mlflow"},
        "spec": {"template": template, **spec},
    }  # fmt: skip


def service(name: str, app: str, port: int, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "mlflow"},
        "spec": {"selector": {"app": app}, "ports": [{"port": port}], **spec},
    }  # fmt: skip


DATABASE = workload(
    "StatefulSet", "mlflow-db",
    {
        "name": "db", "image": "postgres:15.18-bookworm",
        "env": [{"name": "PGDATA", "value": "/var/lib/postgresql/data/pgdata"},
                {"name": "POSTGRES_PASSWORD", "value": PASSWORD}],
        "securityContext": {"runAsUser": 999},
        "volumeMounts": [{"name": "data", "mountPath": "/var/lib/postgresql/data"}],
    },
    volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "mlflow-db"}}],
)  # fmt: skip
TRACKING = workload(
    "Deployment", "mlflow",
    {
        "name": "mlflow", "image": "ghcr.io/mlflow/mlflow:v2.9.2",
        "args": ["mlflow", "server", "--default-artifact-root=s3://mlflow-artifacts/runs",
                 f"--backend-store-uri=postgresql://mlflow:{PASSWORD}@mlflow-db/mlflow?sslmode=disable"],
    },
)  # fmt: skip
CLAIM = {
    "apiVersion": "v1", "kind": "PersistentVolumeClaim",
    "metadata": {"name": "mlflow-db", "namespace": "mlflow"},
    "spec": {"resources": {"requests": {"storage": "20Gi"}}},
}  # fmt: skip
LIVE = [
    DATABASE, TRACKING, CLAIM,
    service("mlflow-db", "mlflow-db", 5432), service("mlflow", "mlflow", 80),
    service("mlflow-headless", "mlflow", 80, clusterIP="None"),
    workload("Deployment", "web", {"name": "web", "image": "docker.io/library/nginx:1.27"}),
]  # fmt: skip


def adopt(folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str, *options: str) -> Result:
    """The verb, with a kubectl that gives one answer and notes its questions."""
    (folder / "answer").write_text(answer)
    kubectl = folder / "kubectl"
    kubectl.write_text(
        f'#!/bin/sh\necho "$@" >>{folder}/asked\n{KUBECTL or f"cat {folder}/answer"}\n'
    )
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.chdir(folder)
    (folder / "platform.yaml").write_text(EMPTY)
    return run("adopt", "prod", *options)


def test_live_objects_become_sections_that_compile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = adopt(tmp_path, monkeypatch, json.dumps({"items": LIVE}), "-n", "mlflow")
    assert result.exit_code == 0, result.output
    components = yaml.load(result.stdout, yaml.CSafeLoader)["spec"]["components"]
    assert components == {
        "mlflow": {"image": "ghcr.io/mlflow/mlflow:v2.9.2", "adopt": {"service": "mlflow", "port": 80, "database": "mlflow",
                             "bucket": "mlflow-artifacts"}},
        "postgres": {
            "image": "docker.io/library/postgres:15.18-bookworm", "storage": "20Gi", "adopt": {
                "service": "mlflow-db", "port": 5432, "claim": "mlflow-db", "folder": "pgdata",
                "secret": "mlflow-db-admin"}},
    }  # fmt: skip
    spec = yaml.load(EMPTY, yaml.CSafeLoader)
    spec["spec"]["components"] |= components
    report = compile_spec(json.dumps(spec).encode(), "platform.yaml").report
    # Upstream's image without drivers ran with drivers that somebody had added at its start.
    assert [diagnostic.code for diagnostic in report.sorted()] == ["unfit-version"]
    del components["mlflow"]["image"]
    spec["spec"]["components"] |= components
    assert not compile_spec(json.dumps(spec).encode(), "platform.yaml").report.failed
    assert (
        "make a Secret with the administrator's `username` and `password`, under the name `mlflow-db-admin`"
        in result.stdout
    )
    assert "user 999" in result.stdout
    assert "# No part of the platform: Deployment mlflow/web." in result.stdout
    assert PASSWORD not in result.output
    commands = (tmp_path / "asked").read_text()
    assert (
        commands
        == "get deployments,statefulsets,services,persistentvolumeclaims -n mlflow -o json\n"
    )


def test_what_a_secret_holds_stays_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = {"secretKeyRef": {"name": "mlflow-uri", "key": "uri"}}
    server = workload("Deployment", "tracking", {
        "name": "mlflow", "image": "bitnami/mlflow:2.9.2",
        "env": [{"name": "MLFLOW_BACKEND_STORE_URI", "valueFrom": uri}]})  # fmt: skip
    result = adopt(tmp_path, monkeypatch, json.dumps({"items": [server]}))
    assert "`database` is not set: the pods may have it from a Secret (mlflow-uri)" in result.stdout
    assert "no Service selects its pods" in result.stdout
    assert "`image` is not set: write one with the server's version" in result.stdout


@pytest.mark.parametrize(
    ("section", "help"),
    [
        ("redis: {adopt: {claim: data}}", "add `image:` with the image that wrote it"),
        ("postgres: {adopt: {claim: data, secret: a}}", "add `image:` with the image that wrote it"),
        ("postgres: {image: 'postgres:15.18-bookworm', adopt: {claim: data}}", "add `secret: NAME` under `adopt`"),
        ("mysql: {image: 'mysql:8.4.7', adopt: {claim: data}}", "add `secret: NAME` under `adopt`"),
    ],
)  # fmt: skip
def test_a_volume_that_another_server_wrote_needs_its_image_and_its_password(
    section: str, help: str
) -> None:
    spec = f"{HEADER}spec:\n  components:\n    {section}\n"
    (diagnostic,) = compile_spec(spec.encode(), "platform.yaml").report.sorted()
    assert (diagnostic.code, help in diagnostic.help[0]) == ("invalid-value", True)


def in_namespace(namespace: str, *objects: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}
        for manifest in objects
    ]


def test_a_server_of_another_namespace_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it, the pods would mount a claim of another namespace, which does not exist."""
    answer = json.dumps({"items": in_namespace("databases", *LIVE)})
    result = adopt(tmp_path, monkeypatch, answer, "-n", "databases")
    components = yaml.load(result.stdout, yaml.CSafeLoader)["spec"]["components"]
    assert {section["namespace"] for section in components.values()} == {"databases"}
    spec = yaml.load(EMPTY, yaml.CSafeLoader)
    del components["mlflow"]["image"]
    spec["spec"]["components"] |= components
    assert not compile_spec(json.dumps(spec).encode(), "platform.yaml").report.failed


def test_an_instance_takes_over_the_server_of_its_namespace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = in_namespace("databases", *LIVE)
    small_claim = {**CLAIM, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}
    items = [*elsewhere, *in_namespace("databases", small_claim), *LIVE]
    result = adopt(tmp_path, monkeypatch, json.dumps({"items": items}), "-n", "mlflow")
    components = yaml.load(result.stdout, yaml.CSafeLoader)["spec"]["components"]
    placed = {name: section.get("namespace") for name, section in components.items()}
    assert placed == {
        "postgres": None, "mlflow": None, "mlflow-db": "databases", "mlflow-databases": "databases",
    }  # fmt: skip
    assert components["postgres"]["storage"] == "20Gi"
    assert components["mlflow-databases"]["type"] == "mlflow"


@pytest.mark.parametrize(
    ("live", "name"),
    [
        ("mlflow", "postgres-mlflow"),  # another instance has the name
        ("team.database", "postgres-mlflow"),  # no instance may have the name
        ("d" * 41, "postgres-mlflow"),
        ("old", "old"),
    ],
)
def test_a_further_server_has_a_name_that_compiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, live: str, name: str
) -> None:
    further = workload("StatefulSet", live, {"name": "db", "image": "postgres:15.18-bookworm"})
    result = adopt(tmp_path, monkeypatch, json.dumps({"items": [DATABASE, further]}))
    components = yaml.load(result.stdout, yaml.CSafeLoader)["spec"]["components"]
    assert list(components) == ["postgres", name]


def test_long_names_of_existing_objects_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chart's release, its chart and its role are together longer than an instance's name may be."""
    claim, address = f"data-{'release-' * 8}0", f"{'release-' * 7}db"
    server = workload(
        "StatefulSet", "db", {"name": "db", "image": "redis:7.4.2"},
        volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": claim}}],
    )  # fmt: skip
    items = [server, service(address, "db", 6379)]
    result = adopt(tmp_path, monkeypatch, json.dumps({"items": items}))
    components = yaml.load(result.stdout, yaml.CSafeLoader)["spec"]["components"]
    assert components["db"]["adopt"] == {"service": address, "port": 6379, "claim": claim}
    spec = yaml.load(EMPTY, yaml.CSafeLoader)
    spec["spec"]["components"] |= components
    assert not compile_spec(json.dumps(spec).encode(), "platform.yaml").report.failed


def test_several_ports_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first port of a store can be that of its console."""
    ports = [{"port": 9001}, {"port": 9000}]
    items = [DATABASE, service("mlflow-db", "mlflow-db", 5432, ports=ports)]
    result = adopt(tmp_path, monkeypatch, json.dumps({"items": items}))
    assert "# its Service has the ports 9001, 9000: write the one" in result.stdout


def test_several_volumes_are_left_to_the_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers = workload(
        "StatefulSet", "keys", {"name": "keys", "image": "redis:7.4.2"}, replicas=3,
        volumeClaimTemplates=[{"metadata": {"name": "data"}}],
    )  # fmt: skip
    result = adopt(tmp_path, monkeypatch, json.dumps({"items": [servers]}))
    assert "    keys:\n      type: redis\n" in result.stdout
    assert "`claim` is not set: it has 3 volumes" in result.stdout


@pytest.mark.parametrize(
    "answer", ["", "[1]", "{}", '{"items": [{"kind": "Deployment"}]}', "[" * 9000]
)
def test_a_cluster_that_answers_nonsense_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    result = adopt(tmp_path, monkeypatch, answer)
    assert result.exit_code == 2
    assert "none of Kubernetes'" in result.stderr


def test_a_cluster_that_does_not_answer_is_said_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = 'E1129 10:00:00.000000 7 memcache.go:265] "Unhandled Error" err="connection refused"\\n'
    script = f"printf '{log}{log}The connection was refused\\n' >&2; exit 1"
    monkeypatch.setitem(globals(), "KUBECTL", script)
    result = adopt(tmp_path, monkeypatch, "")
    assert result.exit_code == 2
    assert result.stderr == "platformc: the cluster does not answer: The connection was refused\n"


def test_what_the_platform_made_is_not_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = {**TRACKING, "metadata": {**TRACKING["metadata"], "labels": {
        "app.kubernetes.io/managed-by": "platformc"}}}  # fmt: skip
    result = adopt(tmp_path, monkeypatch, json.dumps({"items": [mine]}))
    assert (result.exit_code, "nothing runs in mlflow" in result.stderr) == (2, True)


def test_the_guides_commands_run_and_name_the_objects_of_its_spec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for line in COMMANDS:
        words = shlex.split(line)
        if words[:2] == ["platformc", "adopt"]:
            result = adopt(tmp_path, monkeypatch, json.dumps({"items": LIVE}), *words[3:])
            (tmp_path / "platform.yaml").write_text(ADOPTED)
        elif words[0] == "platformc":
            result = run(*words[1:])
        assert result.exit_code == 0, (line, result.output)
    plan = result.stdout.splitlines()
    assert any("the namespace mlflow denies all traffic" in line for line in plan)
    assert any("takes over the volume claim mlflow-db: stop the server" in line for line in plan)
    assert any("migrates the schema" in line and "back it up first" in line for line in plan)
    lowered = compile_spec(ADOPTED.encode(), "platform.yaml").lowered["prod"]
    # A password that the compiler makes would not be that of the data.
    named = {credential.name for credential in lowered.granted if credential.created_by == "you"}
    (secret,) = re.findall(r"kubectl create secret generic (\S+)", GUIDE)
    assert secret in named
    deleted = re.findall(r"kubectl delete (\w+) (\S+) ", GUIDE)
    assert any(f"takes over the Secret {secret}: create it first" in line for line in plan)
    assert set(deleted) == {
        (each["kind"].lower(), each["metadata"]["name"]) for each in (DATABASE, TRACKING)
    }
    assert not compile_spec(RENAMED.encode(), "platform.yaml").report.failed


def test_every_reference_follows_an_adopted_service() -> None:
    lowered = compiled("adopt").lowered["prod"]
    texts = json.dumps(
        [
            resource.manifest
            for package in lowered.packages.values()
            for resource in package.resources
        ]
    )
    for service_name in ("mlflow", "mlflow-postgresql", "seaweedfs-s3"):
        assert f"{service_name}.mlops.svc.cluster.local" in texts
    for instance in ("tracking", "db", "store", "keys"):
        assert not re.search(rf"\b{instance}\.mlops\.svc", texts)
    assert (SCENARIOS / "adopt" / "platform.yaml").is_file()


def test_the_image_of_an_adopted_volume_is_not_compared_with_that_of_a_volume_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`adopt` is often written after a first compile, whose server has another volume and a newer image."""
    monkeypatch.chdir(tmp_path)
    head = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: p}\nspec:\n  components:\n"
    adopted = "adopt: {claim: CLAIM, secret: db-admin}"
    for postgres, status in (
        ("{}", 0),
        (f'{{image: "postgres:15.18-bookworm", {adopted.replace("CLAIM", "mlflow-db")}}}', 0),
        (f'{{image: "postgres:14.18-bookworm", {adopted.replace("CLAIM", "mlflow-db")}}}', 1),
    ):
        Path("platform.yaml").write_text(f"{head}    postgres: {postgres}\n")
        result = run("compile")
        assert result.exit_code == status, result.output
        assert ("refused-data" in result.output) == bool(status)
