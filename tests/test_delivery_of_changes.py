"""The plan that leads from one spec to another: what it deletes, replaces and copies, and where it stops."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import Result
from support.command_line import run
from support.paths import SCENARIOS
from support.scenarios import compiled

from compiler import pipeline
from compiler.emit.manifests import manifests
from compiler.model.resource import Resource


def plan_between(tmp_path: Path, before: str, after: str) -> Result:
    """The plan from one text of a spec to another."""
    (tmp_path / "before.yaml").write_text(before)
    (tmp_path / "platform.yaml").write_text(after)
    file, earlier = tmp_path / "platform.yaml", tmp_path / "before.yaml"
    return run("apply-plan", "default", "-f", file, "--since", earlier)


def replaced(text: str, words: dict[str, str]) -> str:
    """A text with each of these words replaced."""
    for word, replacement in words.items():
        text = text.replace(word, replacement)
    return text


def test_what_an_earlier_spec_had_is_deleted_last_things_first(tmp_path: Path) -> None:
    spec = SCENARIOS / "minimal" / "platform.yaml"
    smaller = tmp_path / "platform.yaml"
    smaller.write_text(spec.read_text().replace("    mlflow: {}\n", ""))
    result = run("apply-plan", "default", "-f", smaller, "--since", spec)
    assert result.exit_code == 0, result.output
    removed_lines = result.stdout.split("# delete the objects that the spec no longer has\n")[
        1
    ].splitlines()
    deployment = "kubectl delete deployment mlflow -n mlops --ignore-not-found"
    account = "kubectl delete serviceaccount mlflow -n mlops --ignore-not-found"
    assert removed_lines.index(deployment) < removed_lines.index(account)
    assert not [
        line for line in removed_lines if "namespace " in line or "persistentvolumeclaim" in line
    ]
    before = compiled("minimal").lowered["default"]
    after = pipeline.compile(smaller.read_bytes(), "s")
    remaining_ids = {Resource(manifest).id for manifest in manifests(after.lowered["default"])}
    assert len(removed_lines) == sum(
        Resource(manifest).id not in remaining_ids for manifest in manifests(before)
    )


def test_another_provider_does_not_delete_the_secrets_that_it_has_filled(tmp_path: Path) -> None:
    """The garbage collector deletes a Secret with the ExternalSecret that owns it, also with new values."""
    spec = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: provided}
spec:
  secrets: {provider: PROVIDER}
  components: {seaweedfs: {}, postgres: {}, mlflow: {smoke: false}}
"""
    before = spec.replace("PROVIDER", "external-secrets").replace("smoke: false", "smoke: true")
    result = plan_between(tmp_path, before, spec.replace("PROVIDER", "local"))
    assert result.exit_code == 0, result.output
    deletion = "kubectl delete externalsecret.external-secrets.io "
    lines = [line for line in result.stdout.splitlines() if line.startswith(deletion)]
    orphans = {line.split()[3] for line in lines if " --cascade=orphan " in line}
    assert orphans == {
        "postgres-superuser",
        "seaweedfs-admin",
        "mlflow-artifacts",
        "mlflow-backend-store",
    }
    assert "mlflow-smoke-s3" in {line.split()[3] for line in lines} - orphans


def test_leaving_sealed_secrets_keeps_the_secrets_in_use(tmp_path: Path) -> None:
    """The controller owns each Secret by its SealedSecret, and would write its values over the new ones."""
    spec = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: provided}
spec:
  secrets: {provider: PROVIDER}
  components: {postgres: {}}
"""
    (tmp_path / "before.yaml").write_text(spec.replace("PROVIDER", "sealed-secrets"))
    (tmp_path / "platform.yaml").write_text(spec.replace("PROVIDER", "local"))
    words = ["-f", str(tmp_path / "platform.yaml"), "--since", str(tmp_path / "before.yaml")]
    lines = run("apply-plan", "default", *words).stdout.splitlines()
    orphaned = lines.index(
        "kubectl delete sealedsecret.bitnami.com postgres-superuser -n mlops --cascade=orphan --ignore-not-found"
    )
    assert orphaned < min(n for n, line in enumerate(lines) if "secrets/default" in line)


MODEL = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: model}
spec:
  components: {seaweedfs: {}, istio: {}, knative: {}, kserve: {mode: MODE}}
  models: {churn: {format: sklearn, uri: "s3://models/churn/v1"}}
"""


def test_a_model_in_another_mode_is_deleted_before_its_wave_which_would_be_refused(
    tmp_path: Path,
) -> None:
    """KServe's webhook changes no deployment mode (0.20, validateDeploymentMode)."""
    texts = (MODEL.replace("MODE", mode) for mode in ("serverless", "standard"))
    result = plan_between(tmp_path, *texts)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    deletion = "kubectl delete inferenceservice.serving.kserve.io churn -n mlops --ignore-not-found"
    assert lines[lines.index(deletion) + 1].startswith("# wave 51")


GROWN = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: grown}
spec:
  components:
    minio: {replicas: 4, storage: 10Gi, pools: POOLS}
    postgres: {storage: SIZE}
    mlflow: {}
"""


def since(tmp_path: Path, before: dict[str, str], after: dict[str, str]) -> Result:
    """The plan from one form of `GROWN` to another."""
    usual = {"SIZE": "10Gi", "POOLS": "[]"}
    texts = (replaced(GROWN, usual | words) for words in (before, after))
    return plan_between(tmp_path, *texts)


def test_larger_volumes_come_before_their_wave_which_would_be_refused(tmp_path: Path) -> None:
    """An API server changes no claim template of a StatefulSet."""
    result = since(tmp_path, {}, {"SIZE": "20Gi"})
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    patch = """kubectl patch pvc data-postgres-0 -n mlops -p '{"spec":{"resources":{"requests":{"storage":"20Gi"}}}}'"""
    start = lines.index(patch)
    assert lines[start + 1] == (
        "kubectl delete statefulset postgres -n mlops --cascade=orphan --ignore-not-found"
    )
    assert lines[start + 2] == "# wave 20, databases"
    assert result.stdout.count("cascade=orphan") == 1


def test_smaller_volumes_are_refused_with_the_words_of_diff(tmp_path: Path) -> None:
    result = since(tmp_path, {"SIZE": "20Gi"}, {})
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "`StatefulSet mlops/postgres`: a volume can't shrink" in result.stderr
    assert "copy the data to new volumes first" in result.stderr


def losing(tmp_path: Path, before: str, after: str) -> Result:
    """The plan from one form of the components to another."""
    head = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: losing}\n"
    texts = (f"{head}spec:\n  components: {{{components}}}\n" for components in (before, after))
    return plan_between(tmp_path, *texts)


STORE = "postgres: {}, mlflow: {}, minio: "
LOSSES = {
    "more servers of an erasure set": (
        STORE + "{replicas: 4}", STORE + "{replicas: 8}",
        "StatefulSet mlops/minio: the server would look for its data elsewhere"),
    "a pool": (
        STORE + "{replicas: 4, pools: [{replicas: 4}]}", STORE + "{replicas: 4}",
        "StatefulSet mlops/minio-pool-2: its data is lost, or left unused"),
    "fewer servers with volumes": (
        "cloudnative-pg: {}, seaweedfs: {replicas: 5}", "cloudnative-pg: {}, seaweedfs: {replicas: 3}",
        "StatefulSet mlops/seaweedfs-volume: data that is only on the volumes of the last servers"),
    "another database": (
        STORE + "{}", STORE.replace("mlflow: {}", "mlflow: {database: other}") + "{}",
        "`mlflow` starts without the data that it had"),
    "a server": (STORE + "{}", "minio: {}", "StatefulSet mlops/postgres: its data is lost, or left unused"),
}  # fmt: skip


@pytest.mark.parametrize("label", LOSSES)
def test_a_delivery_that_would_lose_data_stops_before_its_first_command(
    label: str, tmp_path: Path
) -> None:
    before, after, reason = LOSSES[label]
    result = losing(tmp_path, before, after)
    assert result.exit_code == 0, result.output
    title, stop, *_ = result.stdout.splitlines()
    assert title == "# this delivery would lose data"
    for accepted in ({}, {"DATA_LOSS": "accepted"}):
        process = subprocess.run(
            ["sh"], input=f"{stop}\necho reached\n", capture_output=True, text=True, check=False,
            env={"PATH": "/usr/bin:/bin", **accepted},
        )  # fmt: skip
        assert (process.stdout == "reached\n") == bool(accepted)
        assert (reason in process.stderr) == (not accepted)
    assert "run the plan again with DATA_LOSS=accepted" in stop


def test_what_a_webhook_refuses_is_refused_before_anything_is_applied(tmp_path: Path) -> None:
    """CloudNativePG's webhook lets no volume shrink."""
    section = "cloudnative-pg: {storage: SIZE}"
    result = losing(tmp_path, section.replace("SIZE", "30Gi"), section.replace("SIZE", "10Gi"))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "`Cluster mlops/cloudnative-pg`: a volume can't shrink" in result.stderr


def test_servers_with_a_new_pool_restart_at_once_before_the_plan_waits_for_them(
    tmp_path: Path,
) -> None:
    result = since(tmp_path, {}, {"POOLS": "[{replicas: 4}]"})
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    (restart,) = [n for n, line in enumerate(lines) if line.startswith("kubectl delete pods ")]
    assert "component in (server,pool-2)" in lines[restart]
    assert "--wave 10 | kubectl apply" in lines[restart - 1]
    assert "rollout status statefulset/minio " in lines[restart + 1]


@pytest.mark.parametrize("words", [{}, {"SIZE": "20Gi"}, {"POOLS": "[{replicas: 4}]"}])
def test_without_a_change_of_fixed_fields_nothing_is_made_anew(
    words: dict[str, str], tmp_path: Path
) -> None:
    result = since(tmp_path, words, words)
    assert result.exit_code == 0, result.output
    # Only Jobs that have failed, which the next test is about.
    deletions = [line for line in result.stdout.splitlines() if "kubectl delete" in line]
    assert len(deletions) == 1
    assert deletions[0].startswith("for job in ")
    assert "kubectl patch" not in result.stdout


@pytest.mark.parametrize(
    ("before", "after"),
    [("persistence: none", "persistence: aof"), ("", "replicas: 3, failover: sentinel")],
)
def test_pods_that_a_set_does_not_take_over_are_deleted_with_it(
    before: str, after: str, tmp_path: Path
) -> None:
    head = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: keys}\n"
    texts = (
        f"{head}spec:\n  components:\n    redis: {{{section}}}\n" for section in (before, after)
    )
    result = plan_between(tmp_path, *texts)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    deletion = (
        "kubectl delete statefulset redis -n mlops --cascade=foreground --wait --ignore-not-found"
    )
    assert lines[lines.index(deletion) + 1] == "# wave 20, databases"
    assert "orphan" not in result.stdout


RENAMED = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: renamed}
spec:
  components:
    seaweedfs: {}
    NAME
    mlflow: {}
"""
IMAGE = "image: docker.io/library/postgres:17.9-bookworm"


def test_a_server_stops_before_another_server_takes_its_volume(tmp_path: Path) -> None:
    """The lock file of a database does not protect its volume between two pods."""
    adopted = "adopt: {service: postgres, claim: data-postgres-0, secret: postgres-superuser}"
    sections = (f"postgres: {{{IMAGE}}}", f"db: {{type: postgres, {IMAGE}, {adopted}}}")
    result = plan_between(tmp_path, *(RENAMED.replace("NAME", section) for section in sections))
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    (stop,) = [n for n, line in enumerate(lines) if "delete statefulset postgres " in line]
    assert lines[stop] == (
        "kubectl delete statefulset postgres -n mlops --cascade=foreground --wait --ignore-not-found"
    )
    assert lines[stop - 1].startswith("# two servers would destroy the data on a volume")
    assert lines[stop + 1] == "# wave 20, databases"


CREDENTIALS = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: credentials}
spec:
  secrets: {provider: PROVIDER}
  components:
    seaweedfs: {}
    SERVER
    mlflow: {}
WORKLOADS
"""


def handing_over(tmp_path: Path, before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The plan from one form of `CREDENTIALS` to another."""
    usual = {"PROVIDER": "external-secrets", "SERVER": f"postgres: {{{IMAGE}}}", "WORKLOADS": ""}
    texts = (replaced(CREDENTIALS, usual | words) for words in (before, after))
    result = plan_between(tmp_path, *texts)
    assert result.exit_code == 0, result.output
    assert "would lose data" not in result.stdout
    return result.stdout.splitlines()


def secret_deletions(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("kubectl delete externalsecret")]


@pytest.mark.parametrize("provider", ["existing", "local", "sealed-secrets", "sops"])
def test_secrets_outlive_their_change_to_another_provider(provider: str, tmp_path: Path) -> None:
    """Kubernetes deletes what an ExternalSecret owns, unless its deletion leaves orphans."""
    lines = handing_over(tmp_path, {}, {"PROVIDER": provider})
    deletions_of_secrets = secret_deletions(lines)
    names = {"postgres-superuser", "seaweedfs-admin", "mlflow-backend-store", "mlflow-artifacts"}
    assert {line.split()[3] for line in deletions_of_secrets} >= names
    assert all(" --cascade=orphan " in line for line in deletions_of_secrets)
    # The operator would restore its values over those of the new provider.
    (start,) = [n for n, line in enumerate(lines) if line.startswith("# credentials: ")]
    assert max(map(lines.index, deletions_of_secrets)) < start


@pytest.mark.parametrize("provider", ["existing", "local", "external-secrets", "sops"])
def test_sealed_secrets_take_over_the_secrets_in_use(provider: str, tmp_path: Path) -> None:
    """Its controller refuses to write to a Secret that it has not made."""
    sealed = {"PROVIDER": "sealed-secrets"}
    lines = handing_over(tmp_path, {"PROVIDER": provider}, sealed)
    (permit,) = [n for n, line in enumerate(lines) if line.startswith("kubectl annotate secret ")]
    assert " postgres-superuser " in lines[permit]
    assert lines[permit].endswith("-n mlops sealedsecrets.bitnami.com/managed=true --overwrite")
    assert lines[permit + 1].startswith("# credentials: ")
    assert "annotate" not in "".join(handing_over(tmp_path, sealed, sealed))


def test_a_secret_outlives_its_name_where_another_instance_adopts_it(tmp_path: Path) -> None:
    adopted = "adopt: {service: postgres, claim: data-postgres-0, secret: postgres-superuser}"
    server = {"SERVER": f"db: {{type: postgres, {IMAGE}, {adopted}}}"}
    (deletion,) = secret_deletions(handing_over(tmp_path, {}, server))
    assert deletion.split()[3] == "postgres-superuser"
    assert " --cascade=orphan " in deletion


def test_a_secret_goes_with_its_last_reader(tmp_path: Path) -> None:
    workload = "  workloads:\n    report: {image: a.example/report:1.0, uses: [USED]}"
    reader, none = ({"WORKLOADS": workload.replace("USED", used)} for used in ("mlflow", ""))
    (deletion,) = secret_deletions(handing_over(tmp_path, reader, none))
    assert deletion.endswith("report-s3 -n mlops --ignore-not-found")


UPGRADE = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: upgrade}
spec:
  backup: {to: offsite}
  components:
    offsite: {type: external-s3, host: s3.example.com}
    seaweedfs: {}
    postgres: {BACKUP}
    mysql: {image: "docker.io/library/mysql:OLD"}
    mlflow: {image: "ghcr.io/mlflow/mlflow:vNEW-full"}
  workloads:
    nightly: {image: registry.example.internal/nightly:1.0.0, uses: [mysql]}
"""


@pytest.mark.parametrize(
    ("before", "after", "backup", "copied"),
    [
        (("8.0.40", "3.14.0"), ("8.4.7", "3.17.2"), "", ["postgres", "mysql"]),
        (("8.0.40", "3.14.0"), ("8.0.41", "3.14.1"), "", []),
        (("8.4.7", "3.14.0"), ("8.4.7", "3.17.2"), "backup: {none: it is made anew}", []),
    ],
)
def test_what_an_upgrade_changes_for_good_is_copied_first(
    before: tuple[str, str], after: tuple[str, str], backup: str, copied: list[str], tmp_path: Path
) -> None:
    texts = (
        replaced(UPGRADE, {"OLD": mysql, "NEW": mlflow, "BACKUP": backup})
        for mysql, mlflow in (before, after)
    )
    result = plan_between(tmp_path, *texts)
    assert result.exit_code == 0, result.output
    beginning = result.stdout.split("# wave 0")[0]
    started = [line for line in beginning.splitlines() if line.startswith("kubectl create job")]
    assert [line.split("cronjob/")[1] for line in started] == [f"{each}-backup" for each in copied]
    if backup:
        assert "nothing copies the data of mlflow: MLflow 3.17 migrates the database" in beginning


def test_the_database_of_pipelines_is_copied_before_their_upgrade(tmp_path: Path) -> None:
    head, _, _ = UPGRADE.partition("    postgres:")
    servers = "    mysql: {}\n    postgres: {}\n    argo-workflows: {}\n"
    pipelines = '    kubeflow-pipelines: {image: "ghcr.io/kubeflow/kfp-api-server:VERSION"}\n'
    texts = (
        f"{head}{servers}{pipelines.replace('VERSION', version)}"
        for version in ("2.14.3", "2.17.0")
    )
    result = plan_between(tmp_path, *texts)
    assert result.exit_code == 0, result.output
    beginning = result.stdout.split("# wave 0")[0]
    assert "--from=cronjob/mysql-backup" in beginning
    assert "copy mysql first: Kubeflow Pipelines 2.17 migrates the database of 2.14" in beginning


OPERATED = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: operated}
spec:
  backup: {to: offsite}
  components:
    offsite: {type: external-s3, host: s3.example.com}
    seaweedfs: {}
    cloudnative-pg: {image: "ghcr.io/cloudnative-pg/postgresql:OLD-system-trixie"}
    mlflow: {image: "ghcr.io/mlflow/mlflow:vNEW-full"}
"""


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (("17.6", "3.17.2"), ("18.1", "3.17.2"), "runs pg_upgrade from 17 to 18"),
        (("17.6", "3.14.0"), ("17.6", "3.17.2"), "MLflow 3.17 migrates the database of 3.14"),
    ],
)
def test_an_operator_copies_its_databases_before_an_upgrade(
    old: tuple[str, str], new: tuple[str, str], reason: str, tmp_path: Path
) -> None:
    """Its plugin does so: no CronJob has these copies."""
    texts = (replaced(OPERATED, {"OLD": server, "NEW": mlflow}) for server, mlflow in (old, new))
    result = plan_between(tmp_path, *texts)
    assert result.exit_code == 0, result.output
    title, deletion, creation, until, _, wait, *_ = result.stdout.splitlines()
    assert title.startswith("# copy cloudnative-pg first: ")
    assert reason in title
    name = "backup.postgresql.cnpg.io cloudnative-pg-now -n mlops"
    assert deletion == f"kubectl delete {name} --ignore-not-found"
    copy = json.loads(shlex.split(creation)[2])
    assert (copy["kind"], copy["metadata"]["name"]) == ("Backup", "cloudnative-pg-now")
    assert copy["spec"] == {
        "cluster": {"name": "cloudnative-pg"},
        "method": "plugin",
        "pluginConfiguration": {"name": "barman-cloud.cloudnative-pg.io"},
    }
    assert "grep -Eq 'completed|failed|invalid'" in until
    assert wait == f"kubectl wait {name} --for=jsonpath='{{.status.phase}}'=completed --timeout=1m"
    assert "nothing copies" not in result.stdout
