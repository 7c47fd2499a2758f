"""Every printed plan: it is a shell script, and each Job that it starts is there by then."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO

import pytest
from support.cluster import environments, lowered
from support.plans import changes, deliveries, rendered, rotations

from compiler.commands.output import print_steps
from compiler.delivery.steps import Step
from compiler.emit.manifests import manifests, wave_file, waves
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered
from compiler.model.resource import Resource, pod_template
from compiler.text import shell_stop

Identity = tuple[str, str, str, str]
each_environment = pytest.mark.parametrize(("scenario", "environment"), environments())
STARTED = re.compile(r"kubectl create job \S+ -n (\S+) --from=cronjob/(\S+)")


def commands(steps: list[Step]) -> list[str]:
    return [line for step in steps for line in step.commands]


def applied(lowered_platform: Lowered, line: str) -> Iterator[Resource]:
    """The objects that a command of a plan applies."""
    for wave, objects in waves(lowered_platform).items():
        if f" --wave {wave} |" in line or f"/{wave_file(wave)}" in line:
            selected = re.search(r" -l (\S+)=(\S+) ", line)
            for manifest in objects:
                labels = manifest["metadata"].get("labels", {})
                if selected is None or labels.get(selected[1]) == selected[2]:
                    yield Resource(manifest)


def required(lowered_platform: Lowered, job: Manifest) -> set[Identity]:
    """A CronJob, and the objects of the platform that its pods need."""
    space, template = job["metadata"]["namespace"], pod_template(job)
    assert template is not None
    names = {("", "ServiceAccount", space, template["spec"].get("serviceAccountName", "default"))}
    for volume in template["spec"].get("volumes", ()):
        if "configMap" in volume:
            names.add(("", "ConfigMap", space, volume["configMap"]["name"]))
    for manifest in manifests(lowered_platform):
        metadata = manifest["metadata"]
        if manifest["kind"] == "NetworkPolicy" and metadata["namespace"] == space:
            selector = manifest["spec"]["podSelector"].get("matchLabels", {})
            if selector.items() <= template["metadata"]["labels"].items():
                names.add(Resource(manifest).id)
    in_platform = {Resource(manifest).id for manifest in manifests(lowered_platform)}
    return {Resource(job).id, *(names & in_platform)}


def started_too_early(lowered_platform: Lowered, steps: list[Step]) -> list[str]:
    """The Jobs that a plan for a new cluster starts before their objects are applied."""
    by_id = {Resource(manifest).id: manifest for manifest in manifests(lowered_platform)}
    there: set[Identity] = set()
    early = []
    for line in commands(steps):
        if started := STARTED.search(line):
            job = by_id["batch", "CronJob", started[1], started[2]]
            missing = required(lowered_platform, job) - there
            early += [f"{started[2]} lacks {identity}" for identity in sorted(missing)]
        there |= {resource.id for resource in applied(lowered_platform, line)}
    return early


@each_environment
def test_a_job_starts_after_its_objects_are_applied(scenario: str, environment: str) -> None:
    compiled = lowered(scenario, environment)
    for form in (compiled, rendered(compiled)):
        for name, steps in deliveries(form):
            assert started_too_early(form, steps) == [], name


@each_environment
def test_a_change_starts_jobs_that_the_cluster_has(scenario: str, environment: str) -> None:
    compiled = lowered(scenario, environment)
    there = {Resource(manifest).id for manifest in manifests(compiled)}
    for name, steps in changes(compiled):
        for line in commands(steps):
            if started := STARTED.search(line):
                assert ("batch", "CronJob", started[1], started[2]) in there, name


def test_restores_and_moves_were_walked() -> None:
    names = {
        name
        for scenario, environment in environments()
        for kind in (deliveries, changes)
        for name, steps in kind(lowered(scenario, environment))
        if any(map(STARTED.search, commands(steps)))
    }
    assert names == {
        "restore", "restore --replace", "move", "move after cutOver", "move --back",
    }  # fmt: skip


def test_before_the_rest_of_the_last_waves_only_restores_are_applied() -> None:
    """A schedule that ran now would copy empty databases."""
    compiled = lowered("backup", "default")
    (steps,) = (steps for name, steps in deliveries(compiled) if name == "restore")
    until_servers = steps[: [step.title for step in steps].index("wave 30, servers")]
    schedules = {
        resource.name: resource.manifest["spec"]["suspend"]
        for line in commands(until_servers)
        for resource in applied(compiled, line)
        if resource.kind == "CronJob"
    }
    assert set(schedules) == {
        f"{name}-restore" for name in ("mysql", "postgres", "reports", "seaweedfs")
    }
    assert all(schedules.values())


SHELLS = ("bash", "sh")


def printed(steps: list[Step]) -> str:
    """The text of a plan, as the commands print it."""
    with redirect_stdout(StringIO()) as output:
        print_steps(steps)
    return output.getvalue()


@each_environment
def test_each_plan_is_a_script_of_bash_and_sh(scenario: str, environment: str) -> None:
    compiled = lowered(scenario, environment)
    # One process reads all of them: each is a block, which a plan that breaks off would not end.
    blocks = "".join(
        f"# {name}\n{{ :\n{printed(steps)}}}\n"
        for kind in (deliveries, changes, rotations)
        for form in (compiled, rendered(compiled))
        for name, steps in kind(form)
    )
    for shell in SHELLS:
        process = subprocess.run(
            [shell, "-n"], input=blocks, capture_output=True, text=True, check=False
        )
        assert (process.returncode, process.stderr) == (0, ""), f"{shell}:\n{blocks}"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_stop_prints_each_sign_of_its_task(shell: str) -> None:
    task = """lakeFS' "task" of $HOME, `id`, $(id), a \\ and a }, then go on"""
    script = f"{shell_stop('TASK_DONE', task)}\necho reached\n"
    for confirmed in ({}, {"TASK_DONE": "yes, * it is"}):
        process = subprocess.run(
            [shell], input=script, capture_output=True, text=True, check=False,
            env={"PATH": "/usr/bin:/bin", **confirmed},
        )  # fmt: skip
        assert (process.stdout == "reached\n") == bool(confirmed)
        assert (task in process.stderr) == (not confirmed)
