"""Rotation: for every Secret of every scenario, its readers start again, and no others.

The readers follow from the written pods, not from the graph that the plan is made of.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.cluster import Template, environments, lowered, templates
from support.command_line import run
from support.paths import SCENARIOS
from test_secrets import written

from compiler.delivery.steps import SpecLocation
from compiler.model.credential import Credential, Random
from compiler.model.package import Lowered
from compiler.secrets.rotation import plan

SERVERS = ("Deployment", "StatefulSet", "DaemonSet")
each_environment = pytest.mark.parametrize(("scenario", "environment"), environments())


def changing(scenario: str, environment: str) -> list[Credential]:
    return [
        credential
        for credential in lowered(scenario, environment).credentials
        if not credential.immutable_reason
    ]


def commands(lowered_platform: Lowered, credential: Credential) -> list[str]:
    return [
        line
        for step in plan(lowered_platform, (credential,), SpecLocation())
        for line in step.commands
    ]


def named(value: Any) -> Iterator[str]:
    """Every Secret that a pod gets something from: a variable, all of them, or a file."""
    if isinstance(value, dict):
        for key in ("secretKeyRef", "secretRef"):
            if key in value:
                yield value[key]["name"]
        if isinstance(value.get("secret"), dict):
            yield value["secret"].get("secretName") or value["secret"]["name"]
        for inner in value.values():
            yield from named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from named(inner)


def readers(scenario: str, environment: str, secret: str, *kinds: str) -> Iterator[Template]:
    for template in templates(scenario, environment):
        if template.owner["kind"] in kinds and secret in named(template.spec):
            yield template


def restarted(lines: list[str]) -> set[tuple[str, str, str]]:
    """Kind, namespace and name of all workloads with replaced pods."""
    actual = set()
    for line in lines:
        if match := re.fullmatch(r"kubectl rollout restart (\w+)/(\S+) -n (\S+)", line):
            actual.add((match[1], match[3], match[2]))
        if match := re.fullmatch(
            r"kubectl delete pod -n (\S+) -l \S+/inferenceservice=(\S+)", line
        ):
            actual.add(("inferenceservice", match[1], match[2]))
    return actual


def _place(template: Template) -> tuple[str, str, str]:
    return template.owner["kind"].lower(), template.namespace, template.owner["metadata"]["name"]


@each_environment
def test_its_readers_start_again_and_nobody_else(scenario: str, environment: str) -> None:
    for change in changing(scenario, environment):
        lines = commands(lowered(scenario, environment), change)
        pods = readers(scenario, environment, change.name, *SERVERS, "InferenceService")
        expected = {
            _place(pod)
            for pod in pods
            if not change.change_command or change.login_from_env or _exports(pod, change.name)
        }
        upstream = {(*_kind_and_name(workload),) for workload in change.restart}
        assert restarted(lines) == expected | upstream, change.name


def _exports(pod: Template, secret: str) -> bool:
    """Whether a server's exporter reads the password that the server keeps in its data."""
    exporters = [
        container for container in pod.spec["containers"] if container["name"] == "exporter"
    ]
    return secret in named(exporters)


def _kind_and_name(workload: str) -> tuple[str, str, str]:
    resource, _, namespace = workload.partition(" -n ")
    kind, _, name = resource.partition("/")
    return kind, namespace, name


@each_environment
def test_a_server_is_told_before_the_consumer_reads(scenario: str, environment: str) -> None:
    """The Jobs that make roles and keys run again; the consumer's own have done their work."""
    lowered_platform = lowered(scenario, environment)
    consumers = {
        binding.endpoint().secret: binding.consumer.name
        for binding in lowered_platform.graph.bindings
    }
    for change in changing(scenario, environment):
        lines, consumer_name = commands(lowered_platform, change), consumers.get(change.name)
        consumer = [_line(lines, template) for template in
                    readers(scenario, environment, change.name, *SERVERS, "InferenceService")
                    if _instance(template) == consumer_name]  # fmt: skip
        for job in readers(scenario, environment, change.name, "Job"):
            deletion = f"kubectl delete job {job.owner['metadata']['name']} -n {job.namespace}"
            at = [index for index, line in enumerate(lines) if line.startswith(deletion)]
            if _instance(job) == consumer_name or change.change_command:
                assert at == []
            else:
                assert len(at) == 1
                assert all(at[0] < index for index in consumer), change.name


def _instance(template: Template) -> str:
    return str(template.owner["metadata"]["labels"]["app.kubernetes.io/instance"])


def _line(lines: list[str], template: Template) -> int:
    (actual,) = (index for index, line in enumerate(lines)
                if _place(template) in restarted([line]))  # fmt: skip
    return actual


@each_environment
def test_a_value_in_a_servers_own_data_is_changed_there(scenario: str, environment: str) -> None:
    """A value that only an empty volume reads: then the value goes from Secret to server and nowhere."""
    for change in changing(scenario, environment):
        if change.change_command:
            assert change.change_command in commands(lowered(scenario, environment), change)
            (server,) = change.readers
            spec = lowered(scenario, environment).platform.instances[server].spec
            assert change.name in (f"{server}-superuser", f"{server}-root", spec.adopted.secret)


@each_environment
def test_every_value_is_made_anew_in_every_copy(scenario: str, environment: str) -> None:
    lowered_platform = lowered(scenario, environment)
    for change in changing(scenario, environment):
        text = "\n".join(commands(lowered_platform, change))
        match lowered_platform.platform.settings.secrets.provider:
            case "local" | "sealed-secrets" | "sops":
                assert f"secrets generate {environment} --rotate {change.name}" in text
            case "existing":
                random = [key for key, kind in change.keys.items() if isinstance(kind, Random)]
                keys = ", ".join(random or change.keys)
                assert f"change {keys} of {change.name} (where it is kept)" in text
            case "external-secrets":
                for space in change.namespaces:
                    assert f"wait --for=create secret/{change.name} -n {space} " in text


def test_plans_were_looked_at() -> None:
    """All cases of the tests above are there: or they would hold of nothing."""
    credentials = [change for environment in environments() for change in changing(*environment)]
    assert len({credential.name for credential in credentials}) > 60
    assert (
        {bool(credential.change_command) for credential in credentials}
        == {bool(credential.restart) for credential in credentials}
        == {True, False}
    )
    models = [environment for environment in environments() for change in changing(*environment)
              if any(readers(*environment, change.name, "InferenceService"))]  # fmt: skip
    assert models


def test_what_encrypts_other_values_is_not_rotated() -> None:
    spec = SCENARIOS / "lakefs" / "platform.yaml"
    for verb in (["rotate", "default", "lakefs-keys"],
                 ["generate", "default", "--rotate", "lakefs-keys"]):  # fmt: skip
        result = run("secrets", *verb, "-f", spec)
        assert result.exit_code == 2
        assert "`lakefs-keys` stays as it is: lakeFS has encrypted" in result.stderr
    assert not (spec.parent / "secrets").exists()


def test_the_one_user_of_lakefs_is_taken_out_of_its_data_before_a_new_one_is_made() -> None:
    lines = run("secrets", "rotate", "default", "lakefs-admin",
                "-f", SCENARIOS / "dvc" / "platform.yaml").stdout  # fmt: skip
    deleted, generate_line = lines.index("DELETE FROM kv"), lines.index("secrets generate")
    assert deleted < generate_line < lines.index("delete job lakefs-setup")


def test_rotation_goes_from_the_server_to_the_consumer_and_nowhere_else(tmp_path: Path) -> None:
    lines = run(
        "secrets", "rotate", "default", "mlflow-backend-store", "-f", written(tmp_path, "local")
    ).stdout
    restarted = re.findall(r"rollout restart (\S+)", lines)
    assert restarted == ["deployment/pgbouncer", "deployment/mlflow"]
    assert lines.index("job/postgres-ensure") < lines.index("deployment/pgbouncer")
    assert "minio" not in lines
    assert "--rotate mlflow-backend-store" in lines


def test_a_password_that_the_server_keeps_is_changed_there(tmp_path: Path) -> None:
    lines = run(
        "secrets", "rotate", "default", "postgres-superuser", "-f", written(tmp_path, "local")
    ).stdout
    assert "ALTER ROLE postgres PASSWORD" in lines
    # A server that refuses the statement ends the plan: the Secret has the new password, and the server the old one.
    assert lines.rstrip().endswith("-- psql -q --set ON_ERROR_STOP=1 -U postgres")
    assert "rollout restart" not in lines


def carried_out(lines: str, folder: Path, **variables: str) -> tuple[int, str, list[str]]:
    """A plan in a shell, with programs that do nothing: its status, errors, and calls."""
    log = folder / "called"
    log.write_text("")
    for program in ("kubectl", "platformc"):
        path = folder / program
        path.write_text(f'#!/bin/sh\necho "{program} $*" >>{log}\n')
        path.chmod(0o755)
    process = subprocess.run(
        ["sh", "-e"], input=lines, capture_output=True, text=True,
        env={"PATH": f"{folder}:/usr/bin:/bin", **variables},
    )  # fmt: skip
    return process.returncode, process.stderr, log.read_text().splitlines()


@pytest.mark.parametrize("store", ["", ", store: {name: vault}"])
def test_a_plan_stops_where_only_a_person_can_go_on(tmp_path: Path, store: str) -> None:
    """Values of a store or of the user's own: nothing starts again before they have changed."""
    path = written(tmp_path, f"external-secrets{store}" if store else "existing")
    lines = run("secrets", "rotate", "default", "mlflow-artifacts", "-f", path).stdout
    status, output, called = carried_out(lines, tmp_path)
    assert status != 0
    assert "change AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY of mlflow-artifacts" in output
    assert "run this again with MLFLOW_ARTIFACTS_CHANGED=yes" in output
    assert called == []
    status, output, called = carried_out(lines, tmp_path, MLFLOW_ARTIFACTS_CHANGED="yes")
    assert (status, output) == (0, "")
    assert any("rollout restart deployment/mlflow" in line for line in called)


def test_a_login_keeps_its_name(tmp_path: Path) -> None:
    """A server would keep the login with the old name, and its password."""
    path = written(tmp_path, "existing")
    lines = run("secrets", "rotate", "default", "mlflow-backend-store", "-f", path).stdout
    assert "'change password of mlflow-backend-store (where it is kept), then" in lines


def test_a_service_that_is_run_elsewhere_hears_of_a_value_before_its_clients(
    tmp_path: Path,
) -> None:
    text = (SCENARIOS / "external-services/platform.yaml").read_text()
    path = tmp_path / "platform.yaml"
    path.write_text(text.replace("provider: existing", "provider: local"))
    lines = run("secrets", "rotate", "default", "mlflow-backend-store", "-f", path).stdout
    status, output, called = carried_out(lines, tmp_path)
    assert status != 0
    assert "know the Secret mlflow-backend-store, then run this again" in output
    generate_calls = [line for line in called if line.startswith("platformc secrets generate")]
    assert len(generate_calls) == 1
    assert not any("rollout restart" in line for line in called)
    status, output, called = carried_out(lines, tmp_path, MLFLOW_BACKEND_STORE_CHANGED="yes")
    assert (status, output) == (0, "")
    assert not any("secrets generate" in line for line in called)
    assert any("rollout restart deployment/mlflow" in line for line in called)


def test_an_unknown_secret_gets_a_suggestion(tmp_path: Path) -> None:
    result = run(
        "secrets", "rotate", "default", "mlflow-artefacts", "-f", written(tmp_path, "local")
    )
    assert result.exit_code == 2
    assert "did you mean `mlflow-artifacts`?" in result.stderr


@pytest.mark.parametrize(
    ("section", "secret", "roles"),
    [
        ("redis: {replicas: 3, failover: sentinel}", "redis-replication", ["server"]),
        ("valkey: {replicas: 3, failover: sentinel}", "valkey-replication", ["server"]),
        ("minio: {replicas: 4, pools: [{replicas: 4}]}", "minio-root", ["server", "pool-2"]),
        ("redis: {replicas: 3}", "redis-replication", []),
        ("redis: {replicas: 3, failover: sentinel}", "job-redis", []),
        ("minio: {}", "minio-root", []),
    ],
)
def test_pods_that_log_in_to_each_other_restart_at_once(
    section: str, secret: str, roles: list[str], tmp_path: Path
) -> None:
    """One with the new value is never ready among those with the old one, and a rolling update waits for it."""
    name = section.partition(":")[0]
    (tmp_path / "platform.yaml").write_text(
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: a}\nspec:\n"
        f"  components:\n    {section}\n"
        f"  workloads:\n    job: {{image: 'example.com/job:1.0', uses: [{name}]}}\n"
    )
    result = run("secrets", "rotate", "default", secret, "-f", tmp_path / "platform.yaml")
    lines = result.stdout.splitlines()
    deletions = [n for n, line in enumerate(lines) if line.startswith("kubectl delete pods ")]
    actual = [re.findall(r"component=([^,]+)", lines[number]) for number in deletions]
    assert actual == [[role] for role in roles]
    ends = [n for n, line in enumerate(lines) if "rollout status statefulset/" in line]
    assert len(ends) == max(len(roles), 2 if section == "redis: {replicas: 3}" else 1)
    assert all(deletion < end for deletion in deletions for end in ends)
