"""Copies of the systems of record: sources, targets, and the plans that bring the data back."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import Result
from support.command_line import run
from support.paths import SCENARIOS
from support.scenarios import compiled

from compiler.interfaces import s3
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered
from compiler.pipeline import compile as compile_spec
from compiler.upstream.prerequisites import prerequisites

HEAD = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: copies}\nspec:\n"
OFFSITE = "    offsite: {type: external-s3, host: s3.example.com}\n"


def lowered() -> Lowered:
    return compiled("backup").lowered["default"]


def cron_jobs(lowered_platform: Lowered) -> dict[str, Manifest]:
    return {
        resource.name: resource.manifest
        for package in lowered_platform.packages.values()
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
    }


def test_an_instance_differs_where_it_says_so() -> None:
    jobs = cron_jobs(lowered())
    assert jobs["postgres-backup"]["spec"]["schedule"] == "0 2 * * *"
    assert jobs["reports-backup"]["spec"]["schedule"] == "30 3 * * 6"
    (config,) = [
        config_files
        for config_files in lowered().packages["reports"].configs
        if config_files.name == "reports-backup"
    ]
    assert "KEEP_DAYS * 86400" in config.files["upload.sh"]
    assert f"'KEEP_DAYS', 'value': '{8 * 7}'" in str(jobs["reports-backup"])
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


@pytest.mark.parametrize(
    ("schedule", "seconds"),
    [("0 2 * * *", 21600), ("0 * * * *", 3600), ("*/5 * * * *", 600), ("0 0 29 2 *", 21600)],
)
def test_a_copy_that_could_not_start_in_time_starts_later(schedule: str, seconds: int) -> None:
    """Otherwise a control plane that is away for ten minutes, as for an upgrade, costs the copy of the night."""
    backup = f'{{to: offsite, schedule: "{schedule}", drill: "{schedule}"}}'
    lowered_platform = of("    postgres: {}\n    seaweedfs: {}\n    cloudnative-pg: {}\n"
                          "    mlflow: {bind: {backend-store: postgres}}", backup)  # fmt: skip
    latest = {
        name: job["spec"]["startingDeadlineSeconds"]
        for name, job in cron_jobs(lowered_platform).items()
        if not job["spec"]["suspend"]
    }
    names = ("postgres-backup", "postgres-drill", "seaweedfs-backup", "seaweedfs-drill")
    assert latest == dict.fromkeys((*names, "cloudnative-pg-drill"), seconds)


@pytest.mark.parametrize(
    ("component", "hours"),
    [
        ("postgres: {storage: 1Ti}", 6),
        ("postgres: {storage: 5Ti}", 30),
        ("mysql: {storage: 2Ti}", 12),
        ("seaweedfs: {storage: 5Ti}", 30),
        # Half of each pool is parity.
        ("minio: {replicas: 4, storage: 2Ti, pools: [{replicas: 4, storage: 2Ti}]}", 47),
        ("cloudnative-pg: {storage: 5Ti}", 30),
    ],
)
def test_a_run_may_take_as_long_as_the_data_needs(component: str, hours: int) -> None:
    name = component.split(":")[0]
    job = f"  workloads: {{job: {{image: app:1, uses: [{name}]}}}}"
    lowered_platform = of(f"    {component}\n{job}", '{to: offsite, drill: "0 5 * * 0"}')
    deadlines = {
        manifest["spec"]["jobTemplate"]["spec"]["activeDeadlineSeconds"]
        for job_name, manifest in cron_jobs(lowered_platform).items()
        if job_name.rsplit("-", 1)[0] == name
    }
    assert deadlines == {hours * 3600}


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
        config_files
        for config_files in lowered().packages["seaweedfs"].configs
        if config_files.name == "seaweedfs-backup"
    ]
    assert "for bucket in lakefs mlflow; do" in config.files["copy-buckets.sh"]


def test_minio_makes_a_key_that_reads() -> None:
    lowered_platform = of(
        "    minio: {}\n    postgres: {}\n    mlflow: {smoke: false}\n    redis: {}"
    )
    (config,) = [c for c in lowered_platform.packages["minio"].configs if c.name == "minio-buckets"]
    policy = json.loads(config.files["minio-backup.json"])
    actions = [action for statement in policy["Statement"] for action in statement["Action"]]
    assert not [action for action in actions if re.search("Put|Delete|Abort", action)]


def test_the_operator_copies_its_own_clusters() -> None:
    lowered_platform = of(
        "    cloudnative-pg: {}", "{to: offsite, schedule: '0 1 * * *', keep: 2w}"
    )
    objects = {r.kind: r.manifest for r in lowered_platform.packages["cloudnative-pg"].resources}
    assert objects["ScheduledBackup"]["spec"]["schedule"] == "0 0 1 * * *"
    assert objects["ObjectStore"]["spec"]["retentionPolicy"] == "2w"
    (plugin,) = objects["Cluster"]["spec"]["plugins"]
    store = objects["ObjectStore"]["metadata"]["name"]
    assert plugin["parameters"] == {"barmanObjectName": store, "serverName": "cloudnative-pg"}
    assert objects["ScheduledBackup"]["spec"]["pluginConfiguration"]["name"] == plugin["name"]
    assert "backup" not in objects["Cluster"]["spec"]


def drill(section: str, backup: str = "{to: offsite}") -> Manifest | None:
    """The CronJob that tries the archive of a cluster."""
    return cron_jobs(of(f"    cloudnative-pg: {section}", backup)).get("cloudnative-pg-drill")


@pytest.mark.parametrize(
    ("section", "backup", "schedule"),
    [
        ("{}", "{to: offsite}", "0 5 * * 0"),
        ("{}", "{to: offsite, drill: '0 6 * * 1'}", "0 6 * * 1"),
        ("{}", "{to: offsite, drill: null}", None),
        ("{backup: {drill: {schedule: '1 1 * * *'}}}", "{to: offsite, drill: null}", "1 1 * * *"),
        ("{backup: {drill: {none: no disk}}}", "{to: offsite}", None),
        ("{backup: {none: no data}}", "{to: offsite}", None),
        ("{backup: {}, bind: {backups: offsite}}", "null", "0 5 * * 0"),
    ],
)
def test_an_archive_is_tried_on_a_schedule(section: str, backup: str, schedule: str | None) -> None:
    job = drill(section, backup)
    assert (job and job["spec"]["schedule"]) == schedule


@pytest.mark.parametrize(
    ("written", "image"),
    [
        ("image: pg.example.com/postgresql:18.6-standard-trixie", "pg.example.com/postgresql:18.6-system-trixie"),
        ("image: pg.example.com/postgresql:18.6-202608311000-minimal-trixie",
         "pg.example.com/postgresql:18.6-202608311000-system-trixie"),
        (f"image: pg.example.com/minimal-standard/postgresql:18.6-standard-trixie@sha256:{'1' * 64}",
         "pg.example.com/minimal-standard/postgresql:18.6-system-trixie"),
        (f"image: pg.example.com/postgresql:18.6-system-trixie@sha256:{'1' * 64}",
         f"pg.example.com/postgresql:18.6-system-trixie@sha256:{'1' * 64}"),
        ("image: pg.example.com/own:18.6-substandard", "pg.example.com/own:18.6-substandard"),
        ("image: pg.example.com/own:18.6, backup: {drill: {image: pg.example.com/barman:18.6}}",
         "pg.example.com/barman:18.6"),
    ],
)  # fmt: skip
def test_the_image_of_a_drill_has_barman(written: str, image: str) -> None:
    job = drill(f"{{{written}}}")
    assert job is not None
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == image


def test_a_drill_has_a_key_that_reads_and_no_right_at_the_api_server() -> None:
    lowered_platform = of("    cloudnative-pg: {}")
    pod = cron_jobs(lowered_platform)["cloudnative-pg-drill"]["spec"]["jobTemplate"]["spec"][
        "template"
    ]
    secrets = set(re.findall(r'"secretKeyRef": {"name": "([^"]+)"', json.dumps(pod)))
    assert secrets == {"cloudnative-pg-drill"}
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert pod["spec"]["serviceAccountName"] == "cloudnative-pg-drill"
    (claim,) = [
        binding.claim
        for binding in lowered_platform.graph.bindings
        if binding.requires.slot == "drill" and isinstance(binding.claim, s3.Claim)
    ]
    assert json.loads(s3.policy(claim))["Statement"][1]["Action"] == ["s3:GetObject"]


def test_a_drill_compares_what_the_spec_binds() -> None:
    lowered_platform = of(
        "    seaweedfs: {}\n    cloudnative-pg: {}\n    mlflow: {smoke: false}\n"
        "  workloads:\n    own: {image: registry.example.com/own:1.0.0, uses: [cloudnative-pg]}"
    )
    package = lowered_platform.packages["cloudnative-pg"]
    (config,) = [files for files in package.configs if files.name == "cloudnative-pg-drill"]
    loops = re.findall(r"^for (?:role|database) in ([^$]*); do", config.files["drill.sh"], re.M)
    assert [loop.split() for loop in loops] == [
        ["mlflow_owner", "own_owner", "mlflow-backend-store", "own-cloudnative-pg"],
        ["mlflow", "own"],
        ["mlflow"],  # a user's program may have made no table
    ]


def test_a_cluster_without_backups_has_no_plugin() -> None:
    lowered_platform = of("    cloudnative-pg: {backup: {none: it is made anew}}")
    assert "ObjectStore" not in {
        r.kind for r in lowered_platform.packages["cloudnative-pg"].resources
    }
    assert "Barman" not in str(prerequisites(lowered_platform.graph))
    assert "plugin-barman-cloud" in str(prerequisites(of("    cloudnative-pg: {}").graph))


def test_a_new_cluster_is_made_from_an_archive_to_a_point_in_time() -> None:
    lowered_platform = of(
        "    cloudnative-pg:\n      backup: {archive: second}\n"
        "      restore: {until: '2026-11-28T02:00:00Z'}"
    )
    spec = next(
        r.manifest
        for r in lowered_platform.packages["cloudnative-pg"].resources
        if r.kind == "Cluster"
    )["spec"]
    recovery = spec["bootstrap"]["recovery"]
    assert recovery["recoveryTarget"] == {"targetTime": "2026-11-28T02:00:00Z"}
    (source,) = [c for c in spec["externalClusters"] if c["name"] == recovery["source"]]
    assert source["plugin"]["parameters"]["serverName"] == "cloudnative-pg"
    assert spec["plugins"][0]["parameters"]["serverName"] == "second"


@pytest.mark.parametrize(
    ("section", "code", "words"),
    [
        ("restore: {}", "invalid-value", "the archive that it is restored from"),
        ("restore: {archive: a}, backup: {archive: a}", "invalid-value", "write into `a`"),
        ("restore: {}, backup: {none: no}", "invalid-value", "and it has none"),
        ("restore: {until: yesterday}, backup: {archive: a}", "invalid-value", "until"),
        (
            "restore: {until: '2026-02-29T00:00:00Z'}, backup: {archive: a}",
            "invalid-value",
            "does not exist",
        ),
        (
            "restore: {until: '2026-11-28T24:00:00Z'}, backup: {archive: a}",
            "invalid-value",
            "does not exist",
        ),
        ("backup: {retention: 30d}", "unknown-key", "retention"),
    ],
)
def test_sections_that_cannot_be_restored_or_kept(section: str, code: str, words: str) -> None:
    text = (
        f"{HEAD}  backup: {{to: offsite}}\n  components:\n{OFFSITE}"
        f"    cloudnative-pg: {{{section}}}\n"
    )
    report = compile_spec(text.encode(), "platform.yaml").report
    (problem,) = [diagnostic for diagnostic in report.sorted() if diagnostic.code == code]
    assert words in problem.message


def test_the_key_that_ended_is_corrected_to_the_new_one() -> None:
    text = f"{HEAD}  components:\n    seaweedfs: {{}}\n    cloudnative-pg: {{backup: {{retention: 30d}}}}\n"
    (problem,) = [
        diagnostic
        for diagnostic in compile_spec(text.encode(), "platform.yaml").report.sorted()
        if diagnostic.code == "unknown-key"
    ]
    assert "`keep`" in str(problem.help)


@pytest.mark.parametrize("to", ["elsewhere", "postgres"])
def test_copies_need_a_store_that_is_there(to: str) -> None:
    text = f"{HEAD}  backup: {{to: {to}}}\n  components:\n    postgres: {{}}\n    seaweedfs: {{}}\n"
    report = compile_spec(text.encode(), "platform.yaml").report
    assert report.failed


# Plans -----------------------------------------------------------------------------------------


def restore(tmp_path: Path, *options: str, generated: bool = True) -> Result:
    spec = (SCENARIOS / "backup" / "platform.yaml").read_text(encoding="utf-8")
    (tmp_path / "platform.yaml").write_text(spec, encoding="utf-8")
    location = ["default", "-f", str(tmp_path / "platform.yaml")]
    if generated:
        run("secrets", "generate", *location)
    return run("restore", *location, *options)


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
    job_line = next(n for n, line in enumerate(lines) if line.startswith("kubectl create job"))
    assert lines.index(stops[-1]) < job_line < lines.index(stops[0].replace("=0", "=1"))


def test_no_run_of_argo_writes_while_a_restore_replaces_data(tmp_path: Path) -> None:
    image = (
        "image: registry.example.com/load:1.0, command: [load], workflow: true, uses: [postgres]"
    )
    (tmp_path / "platform.yaml").write_text(
        f"{HEAD}  backup: {{to: offsite}}\n  components:\n{OFFSITE}    postgres: {{}}\n"
        "    argo-workflows: {archive: false, bind: {artifacts: offsite}}\n  workloads:\n"
        f"    nightly: {{{image}, schedule: '0 3 * * *'}}\n    by-hand: {{{image}}}\n"
    )
    words = ["restore", "default", "-f", str(tmp_path / "platform.yaml"), "--replace"]
    lines = run(*words).stdout.splitlines()
    schedule = "cronworkflow.argoproj.io/nightly"
    patch = f'kubectl patch {schedule} -n mlops --type=merge -p \'{{"spec":{{"suspend":%s}}}}\''
    (job,) = [n for n, line in enumerate(lines) if line.startswith("kubectl create job")]
    (ends,) = [
        n
        for n, line in enumerate(lines)
        if line.startswith("until runs=$(kubectl get pods ") and "-n mlops" in line
    ]
    assert lines.index(patch % "true") < ends < job < lines.index(patch % "false")
    assert "'app.kubernetes.io/instance in (by-hand,nightly)'" in lines[ends]
    (still,) = [line for line in lines if line.startswith("kubectl wait cron")]
    assert schedule in still.split()


def test_a_wait_for_runs_goes_on_until_an_answer_lists_none(tmp_path: Path) -> None:
    """A kubectl that fails, such as without a network, says nothing about the runs."""
    (tmp_path / "platform.yaml").write_text(
        f"{HEAD}  backup: {{to: offsite}}\n  components:\n{OFFSITE}    postgres: {{}}\n"
    )
    lines = run("restore", "default", "-f", tmp_path / "platform.yaml", "--replace").stdout
    (wait,) = [line for line in lines.splitlines() if line.startswith("until runs=")]
    answers = "case $count in 1) exit 1;; 2) echo nightly-1;; 3) ;; *) exit 3;; esac"
    count = 'count=$(($(cat count 2>/dev/null) + 1)); echo "$count" > count'
    for name, text in (("kubectl", f"{count}; {answers}"), ("sleep", "")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    process = subprocess.run(
        ["sh", "-e"], input=wait, capture_output=True, text=True, cwd=tmp_path, check=False,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )  # fmt: skip
    waiting = "waiting for the end of these Jobs, or their deletion: "
    assert (process.returncode, process.stdout) == (0, f"{waiting}\n{waiting}nightly-1\n")
    assert (tmp_path / "count").read_text() == "3\n"


def test_no_run_that_a_person_made_writes_while_a_restore_replaces_data(tmp_path: Path) -> None:
    """Runs of Kubeflow Pipelines and of people are objects of no spec, and go on without Argo's controller."""
    (tmp_path / "platform.yaml").write_text(
        f"{HEAD}  backup: {{to: offsite}}\n  components:\n{OFFSITE}    seaweedfs: {{}}\n    mysql: {{}}\n"
        "    argo-workflows: {archive: false, bind: {artifacts: offsite}}\n"
        "    kubeflow-pipelines: {bind: {artifacts: seaweedfs}}\n"
    )
    words = ["restore", "default", "-f", str(tmp_path / "platform.yaml"), "--replace"]
    lines = run(*words).stdout.splitlines()
    selected = "--all-namespaces -l workflows.argoproj.io/workflow "
    (ends,) = [
        n
        for n, line in enumerate(lines)
        if line.startswith("until runs=$(kubectl get pods ") and selected in line
    ]
    (stopped,) = [
        n for n, line in enumerate(lines) if "wait pod -l app=workflow-controller" in line
    ]
    (start, *_) = [n for n, line in enumerate(lines) if line.startswith("kubectl create job")]
    assert stopped < ends < start


def test_no_pod_and_no_schedule_writes_while_a_restore_replaces_data(tmp_path: Path) -> None:
    (tmp_path / "platform.yaml").write_text(
        f"{HEAD}  backup: {{to: offsite}}\n  components:\n{OFFSITE}    postgres: {{}}\n    seaweedfs: {{}}\n"
        "    mlflow: {gc: {schedule: '0 3 * * 0'}, smoke: false}\n"
    )
    words = ["restore", "default", "-f", str(tmp_path / "platform.yaml"), "--replace"]
    lines = run(*words).stdout.splitlines()
    schedules = [line for line in lines if '"suspend":true' in line]
    # The schedules of the stores too: a backup would copy data that is half replaced.
    assert [line.split()[2] for line in schedules] == [
        "cronjob/mlflow-gc", "cronjob/postgres-backup", "cronjob/postgres-drill", "cronjob/seaweedfs-backup",
        "cronjob/seaweedfs-drill",
    ]  # fmt: skip
    (wait,) = [line for line in lines if "--for=delete" in line]
    assert "app.kubernetes.io/instance=mlflow " in wait
    jobs = [n for n, line in enumerate(lines) if line.startswith("kubectl create job")]
    assert lines.index(schedules[-1]) < lines.index(wait) < jobs[0]
    # Argo CD with `selfHeal` starts again what it has not stopped: then the plan ends before anything is replaced.
    names = " ".join(line.split()[2] for line in schedules)
    still = (
        "kubectl wait deployment/mlflow -n mlops --for=jsonpath='{.spec.replicas}'=0 --timeout=5s",
        f"kubectl wait {names} -n mlops --for=jsonpath='{{.spec.suspend}}'=true --timeout=5s",
    )
    assert lines.index(wait) < lines.index(still[0]) < lines.index(still[1]) < jobs[0]
    # A run that has begun before would go on.
    (ends,) = [
        n for n, line in enumerate(lines) if line.startswith("until runs=$(kubectl get cronjob")
    ]
    assert f"kubectl get {names} -n mlops " in lines[ends]
    assert lines.index(schedules[-1]) < ends < jobs[0]
    assert "pause Argo CD or Flux first" in lines[0]
    restarts = [lines.index(schedule.replace("true", "false")) for schedule in schedules]
    assert jobs[-1] < min(restarts)


def test_a_restore_waits_for_the_copy_that_runs(tmp_path: Path) -> None:
    """It would copy data that is half replaced, and the restore would read objects that it moves."""
    (wait,) = [
        line
        for line in restore(tmp_path, "--only", "postgres", "--replace").stdout.splitlines()
        if line.startswith("until runs=$(kubectl get cronjob")
    ]
    (tmp_path / "kubectl").write_text(
        f"#!/bin/sh\necho >>{tmp_path}/calls\n[ $(wc -l <{tmp_path}/calls) -gt 2 ] || echo postgres-backup-2\n"
    )
    (tmp_path / "sleep").write_text("#!/bin/sh\n")
    for name in ("kubectl", "sleep"):
        (tmp_path / name).chmod(0o755)
    process = subprocess.run(
        ["sh", "-e"], input=f"{wait}\necho reached\n", env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = process.stdout.splitlines()
    assert [line.rpartition(": ")[2] for line in lines] == [*["postgres-backup-2"] * 2, "reached"]


@pytest.mark.parametrize(
    "options", [(), ("--replace", "--at", "20261128T020000Z", "--from", "lab")]
)
def test_a_plan_is_a_shell_script(options: tuple[str, ...], tmp_path: Path) -> None:
    plan = restore(tmp_path, *options).stdout
    process = subprocess.run(["sh", "-n"], input=plan, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr


@pytest.mark.parametrize(
    ("conditions", "ends"), [("Failed", True), ("Complete", True), ("Suspended", False)]
)
def test_a_wait_ends_with_a_refusal_too(conditions: str, ends: bool, tmp_path: Path) -> None:
    lines = restore(tmp_path, "--only", "postgres", "--replace").stdout.splitlines()
    (wait,) = [line for line in lines if line.startswith("until kubectl get job")]
    (tmp_path / "kubectl").write_text(f"#!/bin/sh\necho {conditions}\n")
    (tmp_path / "sleep").write_text("#!/bin/sh\nkill $PPID\n")
    for name in ("kubectl", "sleep"):
        (tmp_path / name).chmod(0o755)
    process = subprocess.run(
        ["sh", "-c", wait], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, timeout=30, check=False
    )
    assert (process.returncode == 0) == ends


def test_a_time_reaches_every_container(tmp_path: Path) -> None:
    printed = restore(tmp_path, "--only", "postgres", "--at", "20261128T020000Z").stdout
    (patch,) = re.findall(r"-p '(\[.*?\])' \|", printed)
    paths = [operation["path"] for operation in json.loads(patch)]
    assert paths == [
        "/spec/template/spec/initContainers/0/env/-", "/spec/template/spec/containers/0/env/-",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "time",
    ["20261328T020000Z", "20260230T020000Z", "20261128T240000Z", "20261128T026000Z", "2026-11-28", "20261128T02000Z"],
)  # fmt: skip
def test_a_time_that_does_not_exist_is_refused(time: str, tmp_path: Path) -> None:
    result = restore(tmp_path, "--at", time)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert f"`{time}` is not a time of a copy" in result.stderr


def test_what_a_replacement_deletes_is_named(tmp_path: Path) -> None:
    printed = restore(tmp_path, "--replace").stdout
    assert "# restore postgres: deletes every table in lakefs, mlflow\n" in printed
    assert (
        "# restore seaweedfs: writes over objects in lakefs, mlflow and deletes none\n" in printed
    )


def test_every_secret_that_a_restore_reads_has_to_be_there(tmp_path: Path) -> None:
    lines = restore(tmp_path, "--only", "postgres", "--replace").stdout.splitlines()
    check = next(n for n, line in enumerate(lines) if line.startswith("kubectl get secret"))
    assert "postgres-backup-key postgres-backups postgres-superuser -n mlops" in lines[check]
    assert check < next(n for n, line in enumerate(lines) if "create job" in line)


def test_a_new_key_never_stands_in_for_the_one_that_encrypted_the_data(tmp_path: Path) -> None:
    result = restore(tmp_path, generated=False)
    assert result.exit_code == 2
    assert not result.stdout
    for name in ("lakefs-keys", "postgres-backup-key", "seaweedfs-backup-key"):
        assert f"`{name}`: " in result.stderr
    only = restore(tmp_path, "--only", "reports", generated=False).stderr
    assert "`reports-backup-key`: " in only
    assert "lakefs" not in only


def test_a_lost_key_is_missed_alone(tmp_path: Path) -> None:
    assert restore(tmp_path).exit_code == 0
    (tmp_path / "secrets/default/secret-mlops-lakefs-keys.yaml").unlink()
    result = restore(tmp_path, generated=False)
    assert "lacks Secrets that a new value cannot replace: `lakefs-keys`: " in result.stderr
    assert "postgres-backup-key" not in result.stderr


def test_keys_that_the_cluster_holds_are_asked_for_there(tmp_path: Path) -> None:
    spec = (SCENARIOS / "backup" / "platform.yaml").read_text(encoding="utf-8")
    text = spec.replace("spec:\n", "spec:\n  secrets: {provider: existing}\n", 1)
    (tmp_path / "platform.yaml").write_text(text, encoding="utf-8")
    result = run("restore", "default", "-f", tmp_path / "platform.yaml")
    assert result.exit_code == 0
    assert "kubectl get secret postgres-backup-key" in result.stdout


def test_a_copy_says_which_releases_have_written_its_schemas() -> None:
    (config,) = [c for c in lowered().packages["postgres"].configs if c.name == "postgres-backup"]
    lines = config.files["origin"].splitlines()
    assert lines[0] == "platform backup/postgres"
    assert "schema mlflow mlflow ghcr.io/mlflow/mlflow 3.17" in lines
    # The releases of a workload's image say nothing of a schema.
    (config,) = [c for c in lowered().packages["reports"].configs if c.name == "reports-backup"]
    assert config.files["origin"] == "platform backup/reports\n"


OPERATED = f"{HEAD}  backup: {{to: offsite}}\n  components:\n{OFFSITE}    postgres: {{}}\n"


def test_the_pod_that_restores_reaches_the_store() -> None:
    """It has the operator's labels alone (CloudNativePG 1.30, pkg/specs/jobs.go)."""
    pod = {"cnpg.io/cluster": "cloudnative-pg", "cnpg.io/jobRole": "full-recovery"}
    text = (
        f"{HEAD}  components:\n    seaweedfs: {{namespace: stores}}\n"
        "    cloudnative-pg: {backup: {archive: second}, restore: {}}\n"
    )
    result = compile_spec(text.encode(), "platform.yaml")
    policies = {
        (resource.manifest["metadata"]["namespace"], resource.name): resource.manifest["spec"]
        for package in result.lowered["default"].packages.values()
        for resource in package.resources
        if resource.kind == "NetworkPolicy"
    }
    out = policies["mlops", "cloudnative-pg-recovery"]
    assert out["podSelector"]["matchLabels"] == pod
    (peer,) = out["egress"][0]["to"]
    into = policies["stores", "cloudnative-pg-recovery-seaweedfs"]
    assert into["podSelector"] == peer["podSelector"]
    assert into["ingress"][0]["from"][0]["podSelector"]["matchLabels"] == pod
    assert (
        into["ingress"][0]["ports"]
        == out["egress"][0]["ports"]
        == [{"port": 8333, "protocol": "TCP"}]
    )


def restore_of(section: str, tmp_path: Path, *options: str) -> Result:
    (tmp_path / "platform.yaml").write_text(f"{OPERATED}    cloudnative-pg: {section}\n")
    location = ["default", "-f", str(tmp_path / "platform.yaml")]
    return run("restore", *location, *options)


@pytest.mark.parametrize("options", [(), ("--replace",), ("--only", "cloudnative-pg")])
def test_a_cluster_that_its_operator_would_make_empty_is_not_passed_over(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    result = restore_of("{}", tmp_path, *options)
    assert result.exit_code == 2
    assert not result.stdout
    assert "`cloudnative-pg` would be made empty" in result.stderr
    assert "add `restore: {}` to its section" in result.stderr


def test_a_cluster_that_its_operator_restores_is_part_of_the_plan(tmp_path: Path) -> None:
    section = "{restore: {}, backup: {archive: second}}"
    result = restore_of(section, tmp_path)
    assert result.exit_code == 0, result.stderr
    assert "cluster.postgresql.cnpg.io/cloudnative-pg" in result.stdout
    only = restore_of(section, tmp_path, "--only", "cloudnative-pg")
    assert "is restored when it is applied to a new cluster" in only.stderr
    postgres_plan = restore_of("{}", tmp_path, "--only", "postgres")
    assert "# restore postgres\n" in postgres_plan.stdout


@pytest.mark.parametrize("until", ["", "2026-11-28T02:00:01Z", "2026-11-28T02:00:00Z"])
def test_a_time_is_that_of_the_operators_clusters_too(until: str, tmp_path: Path) -> None:
    restore = f"{{until: '{until}'}}" if until else "{}"
    section = f"{{restore: {restore}, backup: {{archive: second}}}}"
    result = restore_of(section, tmp_path, "--at", "20261128T020000Z")
    if until == "2026-11-28T02:00:00Z":
        assert result.exit_code == 0, result.stderr
        assert '"AT", "value": "20261128T020000Z"' in result.stdout
    else:
        assert 'write `until: "2026-11-28T02:00:00Z"` in its `restore`' in result.stderr
        assert not result.stdout
    postgres_only = restore_of(section, tmp_path, "--only", "postgres", "--at", "20261128T020000Z")
    assert postgres_only.exit_code == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--from", "Not a name"), "is not a platform's name"),
        (("--only", "mlflow"), "is not copied"),
        (("--at", "yesterday"), "is not a time of a copy"),
    ],
)
def test_a_wish_that_cannot_be_met(options: tuple[str, str], words: str, tmp_path: Path) -> None:
    result = restore(tmp_path, *options)
    assert result.exit_code != 0
    assert words in result.stderr
