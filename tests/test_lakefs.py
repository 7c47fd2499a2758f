"""lakeFS in the graph: the clients of its gateway, the others, and the second run of its setup Job."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from textwrap import dedent, indent

import pytest
from support.scenarios import compiled

from compiler import pipeline
from compiler.model.binding import Binding
from compiler.pipeline import Compilation

HEADER = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: lake}\nspec:\n"


def compile(spec: str) -> Compilation:
    return pipeline.compile((HEADER + indent(dedent(spec), "  ")).encode(), "platform.yaml")


def bindings(result: Compilation, consumer: str) -> dict[str, Binding]:
    graph = result.graphs["default"]
    return {b.requires.slot: b for b in graph.bindings if b.consumer.name == consumer and not b.via}


def test_direct_artefacts_and_the_gateway_clash_at_the_second_use() -> None:
    result = compile("""\
      components: {minio: {}, postgres: {}, mlflow: {smoke: false}, lakefs: {}}
      workloads:
        train:
          image: registry.example.com/train:1.0
          uses: [mlflow, lakefs]
    """)
    (problem,) = [
        diagnostic for diagnostic in result.report.sorted() if diagnostic.severity == "error"
    ]
    assert problem.code == "client-environment-conflict"
    assert problem.path == ("spec", "workloads", "train", "uses", 1)
    assert "`minio` and `lakefs`" in problem.message
    assert any("artifacts: proxied" in line for line in problem.help)


def test_a_claim_on_s3_never_lands_on_lakefs_unasked() -> None:
    bound = bindings(compiled("lakefs"), "mlflow")
    assert bound["artifacts"].provider.name == "seaweedfs"


def test_a_component_bound_to_lakefs_by_name_gets_a_repository_and_writes_on_a_branch() -> None:
    result = compile("""\
      components:
        minio: {}
        postgres: {}
        lakefs: {}
        mlflow: {smoke: false, bind: {artifacts: lakefs}}
    """)
    assert not result.report.failed, result.report.sorted()
    assert bindings(result, "mlflow")["artifacts"].provider.name == "lakefs"
    text = "".join(result.tree().values())
    assert "repository mlflow s3://lakefs/mlflow main" in text
    assert "s3://mlflow/main" in text


def test_the_database_is_reached_past_the_pooler() -> None:
    bound = bindings(compiled("lakefs"), "lakefs")
    assert bound["metadata"].provider.name == "postgres"
    assert bindings(compiled("lakefs"), "mlflow")["backend-store"].provider.name == "pgbouncer"


def test_every_client_reads_the_one_key_that_lakefs_has() -> None:
    lowered = compiled("lakefs").lowered["default"]
    (admin,) = [
        credential for credential in lowered.credentials if credential.name == "lakefs-admin"
    ]
    assert admin.namespaces == ("mlops", "teams")
    assert admin.readers == ("dataset-refresh", "lakefs")
    assert not [
        credential
        for credential in lowered.credentials
        if credential.name.startswith("dataset-refresh")
    ]


FAKE = """\
#!/bin/sh
case "$0 $1 $2" in
  *lakefs\\ setup*)
    if [ -e "$STATE/setup" ]; then echo "Setup is already complete."; exit 1; fi
    if [ ! -e "$STATE/database" ]; then
      touch "$STATE/database"; echo "no database yet"; echo "key $LAKECTL_CREDENTIALS_ACCESS_KEY_ID"
      exit 1
    fi
    touch "$STATE/setup"; echo "access_key_id: $LAKECTL_CREDENTIALS_ACCESS_KEY_ID"
    echo "secret_access_key: $LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY" ;;
  *lakectl\\ repo\\ list*)
    [ ! -e "$STATE/stranger" ] || { echo "error authenticating request"; echo "401 Unauthorized"; exit 1; } ;;
  *lakectl\\ branch\\ show*) [ -e "$STATE/$(echo "$3" | tr / _)" ] ;;
  *lakectl\\ repo\\ create*)
    [ ! -e "$STATE/$(echo "$3/$6" | tr / _)" ] || exit 1
    touch "$STATE/$(echo "$3/$6" | tr / _)"; echo "created $3 at $4" ;;
  *) echo "unexpected: $0 $*"; exit 2 ;;
esac
"""


def test_the_server_starts_when_its_database_answers(tmp_path: Path) -> None:
    (server,) = [
        resource.manifest["spec"]["template"]["spec"]
        for resource in compiled("lakefs").lowered["default"].packages["lakefs"].resources
        if resource.kind == "Deployment"
    ]
    (wait,) = server["initContainers"]
    (tmp_path / "lakefs").write_text(
        '#!/bin/sh\n[ "$1 $2" = "kv scan" ] || exit 2\nif [ ! -e "$STATE/asked" ]; then\n'
        '  touch "$STATE/asked"; echo "Error: connection refused"; echo "Usage:"; exit 1\nfi\n'
    )
    (tmp_path / "lakefs").chmod(0o755)
    script = wait["command"][-1].replace("/app/", f"{tmp_path}/").replace("/tmp/output", "output")
    env = {**os.environ, "STATE": str(tmp_path)}
    run = subprocess.run(
        ["sh", "-c", script.replace("sleep 5", ":")], env=env, cwd=tmp_path, capture_output=True,
        text=True, timeout=30,
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (
        0, "waiting for the database: Error: connection refused\n",
    )  # fmt: skip


def test_the_setup_job_may_run_twice_and_prints_no_key(tmp_path: Path) -> None:
    script = compiled("lakefs").tree()["base/lakefs/lakefs-setup/setup.sh"]
    for program in ("lakefs", "lakectl"):
        (tmp_path / program).write_text(FAKE)
        (tmp_path / program).chmod(0o755)
    script = script.replace("/app/", f"{tmp_path}/").replace("sleep 5", ":")
    env = {
        **os.environ,
        "STATE": str(tmp_path),
        "LAKECTL_CREDENTIALS_ACCESS_KEY_ID": "AKIASENTINEL",
        "LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY": "sentinel-secret",
    }
    first_run, second = (
        subprocess.run(["sh", "-c", script], env=env, capture_output=True, text=True, timeout=30)
        for _ in range(2)
    )
    assert (first_run.returncode, second.returncode) == (0, 0), first_run.stdout + second.stdout
    assert "created lakefs://features at s3://lakefs/features" in first_run.stdout
    assert "repository features is there" in second.stdout
    # A stranger was the first to set lakeFS up: lakectl 1.84.0 says so in these words.
    (tmp_path / "stranger").touch()
    third = subprocess.run(
        ["sh", "-c", script], env=env, capture_output=True, text=True, timeout=30
    )
    assert third.returncode == 1
    assert "lakeFS has another administrator" in third.stdout
    for message in (first_run.stdout, first_run.stderr, second.stdout, second.stderr):
        assert "SENTINEL" not in message
        assert "sentinel-secret" not in message


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL_S3", "LAKECTL_SERVER_ENDPOINT_URL"])
def test_a_workload_is_told_of_the_gateway_alone(variable: str) -> None:
    (job,) = [
        resource for resource in compiled("lakefs").lowered["default"].packages["dataset-refresh"].resources
        if resource.kind == "CronJob"
    ]  # fmt: skip
    (container,) = job.manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    values = {env_variable["name"]: env_variable.get("value") for env_variable in container["env"]}
    assert values[variable] == "http://lakefs.mlops.svc.cluster.local:8000"
