"""Copies of what systems of record hold: who is copied where, and the plans that bring it back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.paths import SCENARIOS
from support.scenarios import compiled

from compiler.cli import platformc
from compiler.interfaces import s3
from compiler.model.package import Lowered
from compiler.model.resource import Manifest
from compiler.pipeline import compile as compile_spec

HEAD = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: copies}\nspec:\n"
OFFSITE = "    offsite: {type: external-s3, host: s3.example.com}\n"


def lowered() -> Lowered:
    return compiled("backup").lowered["default"]


def cron_jobs(one: Lowered) -> dict[str, Manifest]:
    return {
        resource.name: resource.manifest
        for package in one.packages.values()
        for resource in package.resources
        if resource.kind == "CronJob"
        and "nightly" not in resource.name
        and "trial" not in resource.name
    }


def of(components: str, backup: str = "{to: offsite}") -> Lowered:
    text = f"{HEAD}  backup: {backup}\n  components:\n{OFFSITE}{components}\n"
    result = compile_spec(text.encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    return result.lowered["default"]


def test_every_database_and_store_of_the_platform_is_copied() -> None:
    assert set(cron_jobs(lowered())) == {
        f"{name}-{role}"
        for name in ("mysql", "postgres", "reports", "seaweedfs")
        for role in ("backup", "restore", "drill")
        if (name, role) != ("seaweedfs", "drill")
    }


def test_an_instance_differs_where_it_says_so() -> None:
    jobs = cron_jobs(lowered())
    assert jobs["postgres-backup"]["spec"]["schedule"] == "0 2 * * *"
    assert jobs["reports-backup"]["spec"]["schedule"] == "30 3 * * 6"
    (config,) = [
        one for one in lowered().packages["reports"].configs if one.name == "reports-backup"
    ]
    assert f"{8 * 7} * 86400" in config.files["upload.sh"]
    buckets = {
        binding.consumer.name: binding.claim.buckets
        for binding in lowered().graph.bindings
        if binding.requires.slot == "backups" and isinstance(binding.claim, s3.Claim)
    }  # fmt: skip
    assert buckets["reports"] == ("report-copies",)
    assert "scratch" not in buckets


def test_copies_go_where_the_spec_says_and_nobody_else_goes_there() -> None:
    providers = {
        (binding.consumer.name, binding.requires.slot): binding.provider.name
        for binding in lowered().graph.bindings
    }
    assert providers["postgres", "backups"] == providers["seaweedfs", "backups"] == "offsite"
    assert providers["mlflow", "artifacts"] == providers["lakefs", "store"] == "seaweedfs"


def test_restores_wait_to_be_started_by_hand() -> None:
    suspended = {name: job["spec"]["suspend"] for name, job in cron_jobs(lowered()).items()}
    assert {name for name, waits in suspended.items() if waits} == {
        "mysql-restore", "postgres-restore", "reports-restore", "seaweedfs-restore",
    }  # fmt: skip


def test_what_copies_holds_no_login_that_could_change_anything() -> None:
    for name, job in cron_jobs(lowered()).items():
        if name.endswith("-backup"):
            text = json.dumps(job)
            assert "superuser" not in text
            assert "-admin" not in text
            assert "-root" not in text


def test_every_bucket_is_copied() -> None:
    (config,) = [
        one for one in lowered().packages["seaweedfs"].configs if one.name == "seaweedfs-backup"
    ]
    assert "for bucket in lakefs mlflow; do" in config.files["copy-buckets.sh"]


def test_minio_makes_a_key_that_reads() -> None:
    one = of("    minio: {}\n    postgres: {}\n    mlflow: {smoke: false}\n    redis: {}")
    (config,) = [c for c in one.packages["minio"].configs if c.name == "minio-buckets"]
    policy = json.loads(config.files["minio-backup.json"])
    actions = [action for statement in policy["Statement"] for action in statement["Action"]]
    assert not [action for action in actions if re.search("Put|Delete|Abort", action)]


def test_the_operator_copies_its_own_clusters() -> None:
    one = of("    cloudnative-pg: {}", "{to: offsite, schedule: '0 1 * * *', keep: 2w}")
    objects = {r.kind: r.manifest for r in one.packages["cloudnative-pg"].resources}
    assert objects["ScheduledBackup"]["spec"]["schedule"] == "0 0 1 * * *"
    assert objects["Cluster"]["spec"]["backup"]["retentionPolicy"] == "2w"


@pytest.mark.parametrize("to", ["elsewhere", "postgres"])
def test_copies_need_a_store_that_is_there(to: str) -> None:
    text = f"{HEAD}  backup: {{to: {to}}}\n  components:\n    postgres: {{}}\n    seaweedfs: {{}}\n"
    report = compile_spec(text.encode(), "platform.yaml").report
    assert report.failed


# Plans -----------------------------------------------------------------------------------------


def restore(tmp_path: Path, *options: str) -> Result:
    spec = (SCENARIOS / "backup" / "platform.yaml").read_text(encoding="utf-8")
    (tmp_path / "platform.yaml").write_text(spec, encoding="utf-8")
    words = ["restore", "default", "-f", str(tmp_path / "platform.yaml"), *options]
    return CliRunner().invoke(platformc, words)


def test_on_a_new_cluster_data_comes_before_the_servers_that_would_make_it_anew(
    tmp_path: Path,
) -> None:
    titles = [line for line in restore(tmp_path).stdout.splitlines() if line.startswith("# ")]
    order = [titles.index(f"# restore {name}") for name in ("seaweedfs", "postgres", "reports")]
    assert order == sorted(order)
    assert max(n for n, title in enumerate(titles) if title.endswith(", databases")) < order[0]
    assert order[-1] < min(n for n, title in enumerate(titles) if title.endswith(", servers"))


def test_over_what_is_there_the_writers_stop_first(tmp_path: Path) -> None:
    lines = restore(tmp_path, "--only", "postgres", "--replace").stdout.splitlines()
    stops = [line for line in lines if line.endswith("--replicas=0")]
    assert [line.split()[2] for line in stops] == ["deployment/lakefs", "deployment/mlflow"]
    made = next(n for n, line in enumerate(lines) if line.startswith("kubectl create job"))
    assert lines.index(stops[-1]) < made < lines.index(stops[0].replace("=0", "=1"))


def test_a_time_reaches_every_container(tmp_path: Path) -> None:
    printed = restore(tmp_path, "--only", "postgres", "--at", "20261128T020000Z").stdout
    (patch,) = re.findall(r"-p '(\[.*?\])' \|", printed)
    paths = [operation["path"] for operation in json.loads(patch)]
    assert paths == [
        "/spec/template/spec/initContainers/0/env/-", "/spec/template/spec/containers/0/env/-",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "words"),
    [(("--only", "mlflow"), "is not copied"), (("--at", "yesterday"), "is not a time of a copy")],
)
def test_a_wish_that_cannot_be_met(options: tuple[str, str], words: str, tmp_path: Path) -> None:
    result = restore(tmp_path, *options)
    assert result.exit_code != 0
    assert words in result.stderr
