"""One order, however it is delivered: kubectl's commands and Argo CD's waves agree."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from msgspec.structs import replace
from support.paths import SCENARIOS
from support.scenarios import compiled, scenario_names

from compiler import pipeline
from compiler.cli import platformc
from compiler.delivery.apply_plan import deletions, plan
from compiler.delivery.steps import SpecLocation, Step
from compiler.derive.order import OPTIONS
from compiler.emit.manifests import manifests
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered
from compiler.model.resource import WAVE, Phase, Resource, pod_template

Order = dict[tuple[str, str, str, str], int]
ENVIRONMENTS = [
    pytest.param(name, environment, id=f"{name}-{environment}")
    for name in scenario_names()
    for environment in compiled(name).environments
]
# Kubernetes' own kinds whose deletion `platformc diff` rates as data loss; Secrets are in no delivery.
KINDS_OF_DATA = {"CustomResourceDefinition", "Namespace", "PersistentVolumeClaim"}


def lowered(scenario: str, environment: str) -> Lowered:
    return compiled(scenario).lowered[environment]


def steps(lowered_platform: Lowered) -> list[Step]:
    """The plan from rendered files."""
    settings = lowered_platform.platform.settings.model_copy(update={"rendered": True})
    return list(
        plan(
            replace(
                lowered_platform, platform=replace(lowered_platform.platform, settings=settings)
            ),
            SpecLocation(),
        )
    )


def ranks(groups: Iterable[Iterable[Manifest]]) -> Order:
    """Each object's place in an order of groups."""
    return {
        Resource(manifest).id: index
        for index, group in enumerate(groups)
        for manifest in group
    }  # fmt: skip


def argo_order(objects: list[Manifest]) -> Order:
    """The order of Argo CD: lower waves first; objects without one are in wave 0."""
    actual: dict[int, list[Manifest]] = {}
    for manifest in objects:
        wave = int(manifest["metadata"].get("annotations", {}).get(WAVE, "0"))
        actual.setdefault(wave, []).append(manifest)
    return ranks(actual[wave] for wave in sorted(actual))


def kubectl_order(commands: list[str], files: Mapping[str, str]) -> Order:
    """The objects that the commands of the plan apply, one after the other."""
    applied = [
        actual[1] for command in commands if (actual := re.search(r"apply .*-f (\S+)$", command))
    ]
    return ranks(list(yaml.load_all(files[path], yaml.CSafeLoader)) for path in applied)


@pytest.mark.parametrize(("scenario", "environment"), ENVIRONMENTS)
def test_both_deliverers_have_one_order(scenario: str, environment: str) -> None:
    lowered_platform = lowered(scenario, environment)
    commands = [line for step in steps(lowered_platform) for line in step.commands]
    files = compiled(scenario).tree(rendered=[environment])
    order = kubectl_order(commands, files)
    assert order == argo_order(manifests(lowered_platform))
    assert len(set(order.values())) > 1


@pytest.mark.parametrize(("scenario", "environment"), ENVIRONMENTS)
def test_providers_run_before_their_clients(scenario: str, environment: str) -> None:
    lowered_platform = lowered(scenario, environment)
    pods = {
        package.name: [
            package.wave(resource)
            for resource in package.resources
            if pod_template(resource.manifest) and resource.kind != "CronJob"  # starts nothing yet
        ]
        for package in lowered_platform.packages.values()
    }
    for binding in lowered_platform.graph.bindings:
        provider, consumer = pods.get(binding.provider.name), pods.get(binding.consumer.name)
        mutual = any(
            (back.consumer, back.provider) == (binding.provider, binding.consumer)
            for back in lowered_platform.graph.bindings
        )
        if provider and consumer and not mutual:
            assert max(provider) < min(consumer), f"{binding.provider} {binding.consumer}"


@pytest.mark.parametrize(("scenario", "environment"), ENVIRONMENTS)
def test_every_server_and_job_is_waited_for_in_its_wave(scenario: str, environment: str) -> None:
    lowered_platform = lowered(scenario, environment)
    for step in steps(lowered_platform):
        if not step.title.startswith("wave"):
            continue
        wave = int(step.title.split()[1].rstrip(","))
        expected = {
            f"{resource.kind.lower()}/{resource.name}"
            for package in lowered_platform.packages.values()
            for resource in package.resources
            if package.wave(resource) == wave
            and resource.kind in ("Deployment", "StatefulSet", "DaemonSet", "Job")
        }
        waited = {word for line in step.commands[1:] for word in line.split() if "/" in word}
        assert expected <= waited


@pytest.mark.parametrize(
    ("scenario", "kinds"),
    [
        ("cloudnative-pg", {"Cluster", "Database"}),
        ("ceph", {"CephObjectStore", "ObjectBucketClaim"}),
    ],
)
def test_objects_of_operators_that_hold_data_are_never_deleted(
    scenario: str, kinds: set[str]
) -> None:
    nothing = pipeline.compile(
        b"apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: one}\nspec: {}\n",
        "platform.yaml",
    ).lowered["default"]
    before = lowered(scenario, "prod")
    actual = {
        manifest["kind"]: manifest["metadata"]["annotations"].get(OPTIONS)
        for manifest in manifests(before)
    }
    assert {kind for kind, option in actual.items() if option == "Prune=false"} >= kinds
    commands = "\n".join(deletions(before, nothing).commands)
    assert "networkpolicy" in commands
    for kind in (*kinds, *KINDS_OF_DATA):
        assert f"delete {kind.lower()}." not in commands
        assert f"delete {kind.lower()} " not in commands


def test_sources_of_generated_secrets_are_never_deleted() -> None:
    """Their values exist in the Secrets alone."""
    before = lowered("external-secrets", compiled("external-secrets").environments[0])
    kept_objects = [
        f"{manifest['kind'].lower()}.external-secrets.io {manifest['metadata']['name']} "
        for manifest in manifests(before)
        if manifest["metadata"].get("annotations", {}).get(OPTIONS) == "Prune=false"
        and manifest["kind"] != "Namespace"
    ]
    nothing = replace(before, packages={}, credentials=())
    commands = deletions(before, nothing).commands
    assert kept_objects
    assert any("externalsecret.external-secrets.io " in command for command in commands)
    assert not any(name in command for name in kept_objects for command in commands)


def test_namespaces_come_first_and_are_never_pruned() -> None:
    for name in scenario_names():
        for environment in compiled(name).environments:
            for manifest in manifests(lowered(name, environment)):
                if manifest["kind"] in KINDS_OF_DATA:
                    assert manifest["metadata"]["annotations"][OPTIONS] == "Prune=false"
                if manifest["kind"] == "Namespace":
                    assert manifest["metadata"]["annotations"][WAVE] == "0"


@pytest.mark.parametrize(("scenario", "environment"), ENVIRONMENTS)
def test_nothing_but_jobs_that_call_models_waits_for_a_schedule(
    scenario: str, environment: str
) -> None:
    """Argo CD 3.2 and later calls a CronJob degraded whose last run failed, and waits for its health. And
    a schedule waits for no model: its run may be the one that puts the model's files into the store."""
    lowered_platform = lowered(scenario, environment)
    for package in lowered_platform.all_packages:
        jobs = [resource for resource in package.resources if resource.kind == "Job"]
        for resource in package.resources:
            wave = package.wave(resource)
            if resource.kind == "CronJob":
                assert Phase.of(wave) == Phase.MODELS_AND_SCHEDULES, resource.name
            assert wave < Phase.CALLERS or jobs, resource.name


def test_a_schedule_of_argo_comes_after_its_template() -> None:
    """Seen on a node with Argo Workflows 4.0.5: in one wave, the controller refused the schedule."""
    schedules = 0
    for environment in compiled("argo-workflows").environments:
        waves = {
            (
                manifest["kind"],
                manifest["metadata"]["namespace"],
                manifest["metadata"]["name"],
            ): int(manifest["metadata"]["annotations"][WAVE])
            for manifest in manifests(lowered("argo-workflows", environment))
            if manifest["kind"] in ("CronWorkflow", "WorkflowTemplate")
        }
        for (kind, space, name), wave in waves.items():
            if kind == "CronWorkflow":
                assert wave > waves["WorkflowTemplate", space, name]
                schedules += 1
    assert schedules


def test_every_wave_has_a_phase() -> None:
    assert [Phase.of(wave).name for wave in (0, 1, 2, 5, 9, 10, 21, 50)] == [
        "NAMESPACES", "NAMESPACES", "CRDS", "OPERATORS", "SECRETS", "STORES", "DATABASES",
        "MODELS",
    ]  # fmt: skip


def test_a_plan_without_rendered_files_renders_wave_by_wave() -> None:
    spec = str(SCENARIOS / "minimal" / "platform.yaml")
    result = CliRunner().invoke(platformc, ["apply-plan", "default", "-f", spec])
    assert result.exit_code == 0
    lines = [line for line in result.stdout.splitlines() if "--wave" in line]
    assert lines[0] == (
        f"platformc render default -f {spec} --wave 0 | kubectl apply --server-side -f -"
    )
    rendered = []
    for line in lines:
        wave = line.split("--wave ")[1].split()[0]
        rendered_wave = CliRunner().invoke(
            platformc, ["render", "default", "-f", spec, "--wave", wave]
        )
        assert rendered_wave.exit_code == 0
        rendered += list(yaml.load_all(rendered_wave.stdout, yaml.CSafeLoader))
    assert rendered == manifests(lowered("minimal", "default"))


def test_a_plan_names_what_other_people_make_before_the_first_server() -> None:
    titles = [step.title for step in steps(lowered("existing-logins", "default"))]
    (own,) = [title for title in titles if "your Secrets" in title]
    (outside,) = [title for title in titles if "the administrators of" in title]
    assert "acme-pg (argo, mlops)" in own
    assert "db.example.com" in outside
    servers = next(index for index, title in enumerate(titles) if title.startswith("wave 30"))
    assert max(titles.index(own), titles.index(outside)) < servers
    assert not any("administrators" in step.title for step in steps(lowered("lean", "default")))


@pytest.mark.parametrize("install", ["operator", "vendored"])
def test_kserve_starts_again_when_knative_comes_after_it(install: str) -> None:
    """KServe 0.20.0 keeps what it learned of Knative's kinds at its start (pkg/utils/utils.go)."""
    spec = (
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: late}\nspec:\n"
        f"  components: {{minio: {{}}, istio: {{}}, knative: {{install: {install}}}, kserve: {{}}}}\n"
    )
    result = pipeline.compile(spec.encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    delivery = steps(result.lowered["default"])
    restart = "kubectl rollout restart -n kserve deployment/kserve-controller-manager"
    (at,) = [index for index, step in enumerate(delivery) if restart in step.commands]
    brought = "knativeserving.operator" if install == "operator" else "/knative ;"
    assert brought in " ".join(delivery[at - 1].commands)
    assert any(step.title.endswith("stores") for step in delivery[at:])


def test_what_an_earlier_spec_had_is_deleted_last_things_first(tmp_path: Path) -> None:
    spec = SCENARIOS / "minimal" / "platform.yaml"
    smaller = tmp_path / "platform.yaml"
    smaller.write_text(spec.read_text().replace("    mlflow: {}\n", ""))
    words = ["apply-plan", "default", "-f", str(smaller), "--since", str(spec)]
    result = CliRunner().invoke(platformc, words)
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
    before, after = lowered("minimal", "default"), pipeline.compile(smaller.read_bytes(), "s")
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
    (tmp_path / "before.yaml").write_text(
        spec.replace("PROVIDER", "external-secrets").replace("smoke: false", "smoke: true")
    )
    (tmp_path / "platform.yaml").write_text(spec.replace("PROVIDER", "local"))
    words = ["-f", str(tmp_path / "platform.yaml"), "--since", str(tmp_path / "before.yaml")]
    result = CliRunner().invoke(platformc, ["apply-plan", "default", *words])
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
    lines = CliRunner().invoke(platformc, ["apply-plan", "default", *words]).stdout.splitlines()
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
    for name, mode in (("before", "serverless"), ("platform", "standard")):
        (tmp_path / f"{name}.yaml").write_text(MODEL.replace("MODE", mode))
    words = ["-f", str(tmp_path / "platform.yaml"), "--since", str(tmp_path / "before.yaml")]
    result = CliRunner().invoke(platformc, ["apply-plan", "default", *words])
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
    """The plan from one form of the spec to another."""
    for name, values in (("before", before), ("platform", after)):
        text = GROWN
        for word, value in ({"SIZE": "10Gi", "POOLS": "[]"} | values).items():
            text = text.replace(word, value)
        (tmp_path / f"{name}.yaml").write_text(text)
    words = ["-f", str(tmp_path / "platform.yaml"), "--since", str(tmp_path / "before.yaml")]
    return CliRunner().invoke(platformc, ["apply-plan", "default", *words])


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
    for name, components in (("before", before), ("platform", after)):
        (tmp_path / f"{name}.yaml").write_text(f"{head}spec:\n  components: {{{components}}}\n")
    words = ["-f", str(tmp_path / "platform.yaml"), "--since", str(tmp_path / "before.yaml")]
    return CliRunner().invoke(platformc, ["apply-plan", "default", *words])


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
    ("conditions", "again"),
    [
        ("Failed", True),
        ("FailureTarget Failed", True),  # since Kubernetes 1.31
        ("SuccessCriteriaMet Complete", False),
        ("FailureTarget", False),  # its pods are ending
        ("Suspended", False),
        ("", False),
    ],
)
def test_a_job_that_has_failed_runs_again_with_the_next_delivery(
    conditions: str, again: bool, tmp_path: Path
) -> None:
    """To apply it once more changes nothing, and the plan would wait in vain."""
    lowered_platform = lowered("minimal", "default")
    step, *rest = steps(lowered_platform)
    jobs = [(manifest["metadata"]["name"], manifest["metadata"]["namespace"])
            for manifest in manifests(lowered_platform) if manifest["kind"] == "Job"]  # fmt: skip
    assert jobs
    assert rest[0].title.startswith("wave 0")
    program = f'#!/bin/sh\n[ "$1" = get ] || echo "$*" >>{tmp_path}/calls\n[ "$1" != get ] || echo {conditions}\n'
    (tmp_path / "kubectl").write_text(program)
    (tmp_path / "kubectl").chmod(0o755)
    subprocess.run(
        ["sh", "-e"], input="\n".join(step.commands), text=True, check=True,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )  # fmt: skip
    calls = tmp_path / "calls"
    actual = calls.read_text().splitlines() if calls.exists() else []
    expected = sorted(f"delete job {name} -n {space}" for name, space in jobs)
    assert actual == (expected if again else [])


@pytest.mark.parametrize(
    ("before", "after"),
    [("persistence: none", "persistence: aof"), ("", "replicas: 3, failover: sentinel")],
)
def test_pods_that_a_set_does_not_take_over_are_deleted_with_it(
    before: str, after: str, tmp_path: Path
) -> None:
    head = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: keys}\n"
    for name, section in (("before", before), ("platform", after)):
        text = f"{head}spec:\n  components:\n    redis: {{{section}}}\n"
        (tmp_path / f"{name}.yaml").write_text(text)
    words = ["-f", str(tmp_path / "platform.yaml"), "--since", str(tmp_path / "before.yaml")]
    result = CliRunner().invoke(platformc, ["apply-plan", "default", *words])
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
    for name, section in (
        ("before", f"postgres: {{{IMAGE}}}"),
        ("platform", f"db: {{type: postgres, {IMAGE}, {adopted}}}"),
    ):
        (tmp_path / f"{name}.yaml").write_text(RENAMED.replace("NAME", section))
    words = ["-f", str(tmp_path / "platform.yaml"), "--since", str(tmp_path / "before.yaml")]
    result = CliRunner().invoke(platformc, ["apply-plan", "default", *words])
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
    """The plan from one form of the spec to another."""
    for name, values in (("before", before), ("platform", after)):
        text = CREDENTIALS
        usual = {
            "PROVIDER": "external-secrets",
            "SERVER": f"postgres: {{{IMAGE}}}",
            "WORKLOADS": "",
        }
        for word, value in (usual | values).items():
            text = text.replace(word, value)
        (tmp_path / f"{name}.yaml").write_text(text)
    words = ["-f", str(tmp_path / "platform.yaml"), "--since", str(tmp_path / "before.yaml")]
    result = CliRunner().invoke(platformc, ["apply-plan", "default", *words])
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
    for name, (mysql, mlflow) in (("before", before), ("platform", after)):
        text = UPGRADE.replace("OLD", mysql).replace("NEW", mlflow).replace("BACKUP", backup)
        (tmp_path / f"{name}.yaml").write_text(text)
    words = ["-f", str(tmp_path / "platform.yaml"), "--since", str(tmp_path / "before.yaml")]
    result = CliRunner().invoke(platformc, ["apply-plan", "default", *words])
    assert result.exit_code == 0, result.output
    beginning = result.stdout.split("# wave 0")[0]
    started = [line for line in beginning.splitlines() if line.startswith("kubectl create job")]
    assert [line.split("cronjob/")[1] for line in started] == [f"{each}-backup" for each in copied]
    if backup:
        assert "nothing copies the data of mlflow: MLflow 3.17 migrates the database" in beginning


def test_the_database_of_pipelines_is_copied_before_their_upgrade(tmp_path: Path) -> None:
    head, _, _ = UPGRADE.partition("    postgres:")
    for name, version in (("before", "2.14.3"), ("platform", "2.17.0")):
        image = f'{{image: "ghcr.io/kubeflow/kfp-api-server:{version}"}}'
        pipelines = f"    mysql: {{}}\n    postgres: {{}}\n    argo-workflows: {{}}\n    kubeflow-pipelines: {image}\n"
        (tmp_path / f"{name}.yaml").write_text(head + pipelines)
    words = ["-f", str(tmp_path / "platform.yaml"), "--since", str(tmp_path / "before.yaml")]
    result = CliRunner().invoke(platformc, ["apply-plan", "default", *words])
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
    for name, (server, mlflow) in (("before", old), ("platform", new)):
        text = OPERATED.replace("OLD", server).replace("NEW", mlflow)
        (tmp_path / f"{name}.yaml").write_text(text)
    words = ["-f", str(tmp_path / "platform.yaml"), "--since", str(tmp_path / "before.yaml")]
    result = CliRunner().invoke(platformc, ["apply-plan", "default", *words])
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


def test_a_wave_that_does_not_exist_is_refused() -> None:
    spec = str(SCENARIOS / "minimal" / "platform.yaml")
    result = CliRunner().invoke(platformc, ["render", "default", "-f", spec, "--wave", "7"])
    assert result.exit_code == 2
    assert "no wave 7" in result.stderr


@pytest.mark.parametrize("scenario", scenario_names())
def test_flux_substitutes_in_no_object(scenario: str) -> None:
    """Flux takes `${...}` of a script for its own, unless the object forbids it."""
    for environment in compiled(scenario).environments:
        for manifest in manifests(lowered(scenario, environment)):
            annotations = manifest["metadata"].get("annotations", {})
            mark = annotations.get("kustomize.toolkit.fluxcd.io/substitute")
            assert mark == ("disabled" if "${" in json.dumps(manifest) else None), manifest
