"""One order, however it is delivered: kubectl's commands and Argo CD's waves agree."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
import yaml
from msgspec.structs import replace
from support.command_line import run
from support.paths import SCENARIOS
from support.scenarios import compiled, scenario_names

from compiler import pipeline
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


def test_flux_keeps_the_objects_that_argo_cd_keeps() -> None:
    """By the annotation of its kustomize-controller; it does not read Argo CD's."""
    kinds = set[str]()
    for name in scenario_names():
        for environment in compiled(name).environments:
            for manifest in manifests(lowered(name, environment)):
                annotations = manifest["metadata"].get("annotations", {})
                is_kept = annotations.get(OPTIONS) == "Prune=false"
                flux = annotations.get("kustomize.toolkit.fluxcd.io/prune")
                assert flux == ("disabled" if is_kept else None), manifest
                kinds |= {manifest["kind"]} if is_kept else set()
    assert kinds > {"Namespace", "Cluster", "Database", "CephObjectStore", "ExternalSecret"}


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
    result = run("apply-plan", "default", "-f", spec)
    assert result.exit_code == 0
    lines = [line for line in result.stdout.splitlines() if "--wave" in line]
    assert lines[0] == (
        f"platformc render default -f {spec} --wave 0 | kubectl apply --server-side -f -"
    )
    rendered = []
    for line in lines:
        wave = line.split("--wave ")[1].split()[0]
        rendered_wave = run("render", "default", "-f", spec, "--wave", wave)
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


def test_a_wave_that_does_not_exist_is_refused() -> None:
    spec = str(SCENARIOS / "minimal" / "platform.yaml")
    result = run("render", "default", "-f", spec, "--wave", "7")
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
