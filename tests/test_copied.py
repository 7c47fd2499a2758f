"""A law: with `spec.backup`, each system of record of a platform is copied, or a finding names it.

Every scenario is compiled with copies to a store outside. The systems of record are read from the
bindings and the volumes of the output, and not from the code that copies them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache

import pytest
from ruamel.yaml import YAML
from support.paths import SCENARIOS
from support.scenarios import scenario_names

from compiler.interfaces import s3, sql
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package
from compiler.pipeline import compile as compile_spec
from compiler.spec import backup
from compiler.upstream import lock

STORE = "copies-of-everything"
ALERTS = "watch"


@cache
def compiled(name: str) -> tuple[Lowered, frozenset[str]]:
    """The last environment of a scenario, copied and watched; and the instances not backed up."""
    path = SCENARIOS / name / "platform.yaml"
    document = YAML(typ="safe", pure=True).load(path)
    spec = document["spec"]
    components = spec.setdefault("components", {})
    environments = dict(list(spec.get("environments", {"default": {}}).items())[-1:])
    spec["environments"] = environments
    to = (spec.get("backup") or {}).get("to", STORE)
    spec["backup"] = {"to": to, "keep": "7d", "encrypt": True}
    if to == STORE:
        components[STORE] = {"type": "external-s3", "host": "copies.example.com"}
    if not any(types(key, section) == "monitoring" for key, section in components.items()):
        components[ALERTS] = {"type": "monitoring"}
    text = json.dumps(document, ensure_ascii=False)
    result = compile_spec(text.encode(), "platform.yaml", lock.read(path))
    assert not result.report.failed, result.report.sorted()
    findings = [d for d in result.report.diagnostics if d.code == "not-backed-up"]
    return result.lowered[next(iter(environments))], frozenset(str(d.path[2]) for d in findings)


def types(key: str, section: Manifest | None) -> str:
    return str((section or {}).get("type", key))


def records(lowered: Lowered) -> Iterator[tuple[str, str]]:
    """Each instance of the cluster that holds data, and a database, a bucket or the volumes of it."""
    for binding in lowered.graph.bindings:
        provider_binding = binding.final
        if provider_binding.offer.external or binding.requires.slot in ("backups", "drill"):
            continue  # buckets of copies
        if isinstance(binding.claim, sql.Claim) and binding.claim.database:
            yield provider_binding.provider.name, binding.claim.database
        if isinstance(binding.claim, s3.Claim):
            yield from (
                (provider_binding.provider.name, bucket) for bucket in binding.claim.buckets
            )
    for package in lowered.packages.values():
        for resource in package.resources:
            spec = resource.manifest.get("spec", {})
            if resource.kind == "Cluster" or spec.get("volumeClaimTemplates"):
                yield package.name, "volumes"


def copied(package: Package) -> set[str]:
    """The databases and buckets in the loops of an instance's scripts, or all of its volumes."""
    names = {"volumes"} if kinds(package, "ScheduledBackup") else set()
    for config in package.configs:
        for file in {"copy-buckets.sh", "dump.sh"} & config.files.keys():
            loops = re.findall(r"^for (?:bucket|database) in (.*); do", config.files[file], re.M)
            names |= {"volumes", *(word for loop in loops for word in loop.split())}
    return names


def kinds(package: Package, kind: str) -> list[Manifest]:
    return [resource.manifest for resource in package.resources if resource.kind == kind]


def refused(package: Package) -> bool:
    """Whether the spec says that it is not copied."""
    backup_section = getattr(package.instance and package.instance.spec, "backup", None)
    return backup_section is not None and backup_section.none is not None


@pytest.mark.parametrize("name", scenario_names())
def test_each_system_of_record_is_copied_or_named(name: str) -> None:
    lowered, named = compiled(name)
    forgotten = {
        (instance, data)
        for instance, data in records(lowered)
        if instance not in named
        and not refused(lowered.packages[instance])
        and not kinds(lowered.packages[instance], "ScheduledBackup")
        and data not in copied(lowered.packages[instance])
    }
    assert sorted(forgotten) == []
    assert [instance for instance in named if copied(lowered.packages[instance])] == []


@pytest.mark.parametrize("name", scenario_names())
def test_a_job_that_copies_reads_alone_encrypts_prunes_and_is_watched(name: str) -> None:
    lowered, _ = compiled(name)
    alerts = json.dumps(
        [rule for package in lowered.packages.values() for rule in kinds(package, "PrometheusRule")]
    )
    for package in lowered.packages.values():
        jobs = {job["metadata"]["name"]: job for job in kinds(package, "CronJob")}
        job = jobs.get(f"{package.name}-backup")
        if job is None:
            continue
        store = lowered.graph.by_consumer[package.name]["backups"].secret
        assert secrets(job) == {f"{package.name}-backup", f"{package.name}-backup-key", store}
        scripts = "".join(text for config in package.configs for text in config.files.values())
        assert "KEEP_DAYS * 86400" in scripts
        assert f'"KEEP_DAYS", "value": "{days(package)}"' in json.dumps(job)
        watched = [f"{package.name}-backup", f"{package.name}-drill"]
        for title in watched:
            assert not jobs[title]["spec"].get("suspend")
            assert f'cronjob=\\"{title}\\"' in alerts


def days(package: Package) -> int:
    backup_section = getattr(package.instance and package.instance.spec, "backup", None)
    return backup.days(
        backup_section.keep if backup_section is not None and backup_section.keep else "7d"
    )


def secrets(job: Manifest) -> set[str]:
    """The Secrets in the variables of a CronJob's pods."""
    return set(re.findall(r'"secretKeyRef": {"name": "([^"]+)"', json.dumps(job)))


def test_the_scenarios_have_every_kind_of_system_of_record() -> None:
    types = {
        lowered.graph.instances[instance].type
        for name in scenario_names()
        for lowered in [compiled(name)[0]]
        for instance, _ in records(lowered)
    }
    assert types >= {
        "postgres", "cloudnative-pg", "mysql", "seaweedfs", "minio", "ceph", "redis", "valkey",
    }  # fmt: skip
