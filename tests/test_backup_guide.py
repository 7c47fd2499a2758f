"""The guide to backups, typed as it stands: its spec, its commands, and the objects that they name."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from support.command_line import run
from support.paths import ROOT

from compiler.model.manifest import Manifest
from compiler.pipeline import compile as compile_spec

TEXT = (ROOT / "docs" / "how-to" / "backup.md").read_text(encoding="utf-8")
SPEC, DRILL = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = [
    line.partition("  #")[0]
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
]


def cron_jobs(database: str = "postgres") -> dict[str, Manifest]:
    spec = SPEC.replace("    postgres: {}\n", f"    {database}: {{}}\n")
    lowered = compile_spec(spec.encode(), "platform.yaml").lowered["prod"]
    return {
        resource.name: resource.manifest
        for package in lowered.packages.values()
        for resource in package.resources
        if resource.kind == "CronJob"
    }


def test_its_commands_run_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "drill").mkdir()
    for path, spec in (("platform.yaml", SPEC), ("drill/platform.yaml", DRILL)):
        (tmp_path / path).write_text(spec, encoding="utf-8")
    printed = {}
    for line in COMMANDS:
        words = shlex.split(line)
        if words[0] == "platformc":
            result = run(*words[1:])
            assert result.exit_code == 0, (line, result.output)
            printed[" ".join(words[1:])] = result.stdout
    for secret in ("postgres-backups", "postgres-backup-key", "seaweedfs-backup-key"):
        assert secret in printed["secrets list prod"]
    assert "deletes every table in mlflow" in printed["restore prod --only postgres --replace"]
    assert (
        "cluster.postgresql.cnpg.io/cloudnative-pg -n drill"
        in printed["apply-plan prod -f drill/platform.yaml"]
    )
    assert "20261128T020000Z" in printed["restore prod --replace --at 20261128T020000Z"]


def test_the_jobs_that_it_starts_are_those_of_the_spec() -> None:
    started = [
        (match[1], match[2])
        for line in COMMANDS
        if (match := re.fullmatch(r"kubectl create job \S+ -n (\S+) --from=cronjob/(\S+) *", line))
    ]
    assert len(started) == 5
    jobs = cron_jobs() | cron_jobs("cloudnative-pg")
    for namespace, name in started:
        assert jobs[name]["metadata"]["namespace"] == namespace


def test_the_buckets_that_it_names_are_those_of_the_spec() -> None:
    lowered = compile_spec(SPEC.encode(), "platform.yaml").lowered["prod"]
    claimed = {
        bucket
        for binding in lowered.graph.bindings
        if binding.provider.name == "offsite"
        for bucket in binding.claim.resources
    }
    (sentence,) = re.findall(r"Create the buckets (.*?) in the store", TEXT)
    assert claimed == set(re.findall(r"`([^`]+)`", sentence))
