"""Moves of back ends: which logins and clients each instance has in every state, and the printed plans."""

from __future__ import annotations

import json
import shlex
import subprocess
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from click.testing import Result
from support.command_line import run

from compiler.diff import Change, worst
from compiler.diff.compare import compare
from compiler.diff.data import moved
from compiler.model.effects import Risk
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered
from compiler.pipeline import compile as compile_spec

HEAD = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: moves}\nspec:\n"
PAIRS = {
    "minio": ("seaweedfs", "minio: {}, seaweedfs: {}"),
    "seaweedfs": ("external-s3", "seaweedfs: {}, external-s3: {host: s3.example.com}"),
    "ceph": ("seaweedfs", "ceph: {}, seaweedfs: {}"),
    "files": ("ceph", "files: {type: seaweedfs, replicas: 3}, postgres: {}, ceph: {}"),
    "postgres": ("cloudnative-pg", "postgres: {}, cloudnative-pg: {}"),
    "old": ("external-postgres", "old: {type: postgres}, external-postgres: {host: db.example.com}"),
    "mysql": ("mysql-9", "mysql: {}, mysql-9: {type: mysql, image: 'docker.io/library/mysql:9.7.0'}"),
    "tables": ("external-mysql", "tables: {type: mysql}, external-mysql: {host: tables.example.com}"),
    "redis": ("valkey", "redis: {}, valkey: {}"),
    "keys": ("external-redis", "keys: {type: redis}, external-redis: {host: keys.example.com}"),
}  # fmt: skip


def text(old: str, state: str = "") -> str:
    new, components = PAIRS[old]
    return (
        f"{HEAD}  move: {{from: {old}, to: {new}{state}}}\n  components: {{{components}}}\n"
        "  workloads:\n    training:\n      image: registry.example.internal/training:1.0.0\n"
        f"      schedule: '0 1 * * *'\n      uses: [{old}]\n"
    )


@cache
def compiled(old: str, state: str = "") -> Lowered:
    result = compile_spec(text(old, state).encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    return result.lowered[None]


def objects(lowered: Lowered, name: str) -> list[Manifest]:
    return [resource.manifest for resource in lowered.packages[name].resources]


OVER = ", cutOver: true"
both_states = pytest.mark.parametrize("state", ["", OVER])
each_pair = pytest.mark.parametrize("old", PAIRS)


@both_states
@each_pair
def test_the_client_uses_one_of_the_two(old: str, state: str) -> None:
    new = PAIRS[old][0]
    (binding,) = compiled(old, state).graph.by_consumer["training"].values()
    assert binding.provider.name == (new if state else old)


@each_pair
def test_a_cut_over_changes_no_secret_and_not_the_job(old: str) -> None:
    before, after = compiled(old), compiled(old, OVER)
    # Types as well: Kubernetes changes none.
    assert [(each.name, each.type) for each in before.credentials] == [
        (each.name, each.type) for each in after.credentials
    ]
    assert objects(before, "move") == objects(after, "move")
    assert before.packages["move"].configs == after.packages["move"].configs


@each_pair
def test_a_secret_keeps_its_type_from_before_a_move_to_its_end(old: str) -> None:
    """An API server refuses another type, and so the whole delivery."""
    new = PAIRS[old][0]
    moving = text(old)
    before = moving.replace(f"  move: {{from: {old}, to: {new}}}\n", "")
    types = [
        {
            credential.name: credential.type
            for credential in compile_spec(spec.encode(), "platform.yaml").lowered[None].credentials
        }
        for spec in (before, moving, before.replace(f"uses: [{old}]", f"uses: [{new}]"))
    ]
    for earlier, later in pairwise(types):
        common = earlier.keys() & later.keys()
        assert {name: earlier[name] for name in common} == {name: later[name] for name in common}


@both_states
@each_pair
def test_the_instance_without_clients_has_their_logins(old: str, state: str) -> None:
    lowered, names = compiled(old, state), (old, PAIRS[old][0])
    secret = lowered.graph.by_consumer["training"][
        next(iter(lowered.graph.by_consumer["training"]))
    ].secret
    for name in names:
        instance = lowered.graph.instances[name]
        claimed = lowered.graph.wiring(name).claimed
        assert secret in {binding.secret for bindings in claimed.values() for binding in bindings}
        if not instance.type.startswith("external"):
            assert secret in str(objects(lowered, name))


@both_states
@each_pair
def test_network_policies_let_the_job_to_both_and_the_client_to_one(old: str, state: str) -> None:
    lowered, new = compiled(old, state), PAIRS[old][0]
    (job,) = (each for each in objects(lowered, "move") if each["kind"] == "CronJob")
    labels = job["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
    uses = {key.partition("/")[2].rpartition("-")[0] for key in labels if key.startswith("uses.")}
    assert uses == {old, new}
    (client,) = (each for each in objects(lowered, "training") if each["kind"] == "CronJob")
    labels = client["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
    uses = {key.partition("/")[2].rpartition("-")[0] for key in labels if key.startswith("uses.")}
    assert uses == {new if state else old}


def test_a_pooler_follows_its_server() -> None:
    spec = text("postgres", OVER).replace(
        "postgres: {},", "postgres: {}, pgbouncer: {}, mlflow: {}, seaweedfs: {},"
    )
    result = compile_spec(spec.encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    bindings = result.graphs[None].by_consumer
    assert bindings["pgbouncer"]["upstream"].provider.name == "cloudnative-pg"
    assert bindings["mlflow"]["backend-store"].final.provider.name == "cloudnative-pg"


@pytest.mark.parametrize(
    ("section", "where"),
    [("bind: {artifacts: minio}", "seaweedfs"), ("bind: {artifacts: seaweedfs}", "seaweedfs")],
)
def test_a_client_that_names_the_old_instance_follows(section: str, where: str) -> None:
    spec = (
        f"{HEAD}  move: {{from: minio, to: seaweedfs{OVER}}}\n"
        f"  components: {{minio: {{}}, seaweedfs: {{}}, postgres: {{}}, mlflow: {{{section}}}, lakefs: {{}}}}\n"
    )
    result = compile_spec(spec.encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    assert result.graphs[None].by_consumer["mlflow"]["artifacts"].provider.name == where


def test_a_move_without_clients_and_a_taken_name_are_refused() -> None:
    idle = f"{HEAD}  move: {{from: minio, to: seaweedfs}}\n  components: {{minio: {{}}, seaweedfs: {{}}}}\n"
    duplicate = text("minio").replace("training:\n", "move:\n")
    unmoved = text("minio").replace("to: seaweedfs", "to: minio")
    foreign = text("old").replace(
        "old: {type: postgres}", "old: {type: external-postgres, host: a.example.com}"
    )
    clustered = text("keys").replace(
        "host: keys.example.com", "mode: cluster, hosts: [a.example.com]"
    )
    for spec, code, words in (
        (idle, "unfit-move", "nothing uses `minio`"),
        (duplicate, "duplicate-name", "the Job of `spec.move`"),
        (unmoved, "invalid-value", "its own place"),
        (foreign, "unfit-move", "neither server is the platform's"),
        (clustered, "unfit-move", "of `mode: cluster`"),
    ):
        errors = compile_spec(spec.encode(), "platform.yaml").report.errors
        assert {each.code for each in errors} == {code}, errors
        assert words in errors[0].message
    named = foreign.replace(
        "to: external-postgres",
        "to: external-postgres, image: 'docker.io/library/postgres:18.1-bookworm'",
    )
    assert not compile_spec(named.encode(), "platform.yaml").report.failed


# Plans -----------------------------------------------------------------------------------------


def plan(tmp_path: Path, state: str, *options: str) -> Result:
    components = "{minio: {}, seaweedfs: {}, postgres: {}, mlflow: {gc: {schedule: '0 3 * * 0'}}}"
    (tmp_path / "platform.yaml").write_text(
        f"{HEAD}  move: {{from: minio, to: seaweedfs{state}}}\n  components: {components}\n"
    )
    return run("move", "default", "-f", tmp_path / "platform.yaml", *options)


def lines(result: Result, words: str) -> list[int]:
    return [n for n, line in enumerate(result.stdout.splitlines()) if words in line]


def test_before_the_cut_over_the_new_instance_comes_and_the_data_is_copied(tmp_path: Path) -> None:
    printed = plan(tmp_path, "")
    assert printed.exit_code == 0, printed.output
    (started,) = lines(printed, "--from=cronjob/move")
    assert max(lines(printed, "kubectl apply")) < started
    assert not lines(printed, "--replicas=0")
    assert not lines(printed, "FREEZE")


@pytest.mark.parametrize("old", ["ceph", "files"])
def test_the_copy_starts_when_rook_has_made_the_store_its_users_and_buckets(
    old: str, tmp_path: Path
) -> None:
    (tmp_path / "platform.yaml").write_text(text(old))
    printed = run("move", "default", "-f", tmp_path / "platform.yaml")
    (started,) = lines(printed, "--from=cronjob/move")
    side = "from" if old == "ceph" else "to"
    for condition, objects in (
        ("Ready", ["cephobjectstore.ceph.rook.io/ceph"]),
        ("Ready", [f"cephobjectstoreuser.ceph.rook.io/{user}" for user in (f"move-{side}", "training-s3")]),
        ("Bound", ["objectbucketclaim.objectbucket.io/ceph-training"]),
    ):  # fmt: skip
        words = f"kubectl wait --for='jsonpath={{.status.phase}}={condition}' {' '.join(objects)} -n rook-ceph"
        (wait,) = lines(printed, words)
        assert wait < started


@pytest.mark.parametrize(("state", "options"), [(OVER, ()), ("", ("--back",))])
def test_the_rest_is_copied_while_nothing_writes(
    state: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    printed = plan(tmp_path, state, *options)
    (started,) = lines(printed, "--from=cronjob/move")
    stops = [
        *lines(printed, "--replicas=0"),
        *lines(printed, '"suspend":true'),
        *lines(printed, "--for=delete"),
    ]
    assert len(stops) == 3
    assert max(stops) < started < min(lines(printed, "kubectl apply"))
    text = printed.stdout.splitlines()[started]
    assert '"FREEZE", "value": "yes"' in text
    assert ('"DIRECTION", "value": "back"' in text) == bool(options)
    # The replicas are those of `kubectl scale` by then.
    assert all(
        "--force-conflicts" in printed.stdout.splitlines()[n]
        for n in lines(printed, "kubectl apply")
    )


@pytest.mark.parametrize(
    ("state", "options"), [("", ()), (OVER, ("--replace",)), ("", ("--back",))]
)
def test_a_plan_is_a_shell_script(state: str, options: tuple[str, ...], tmp_path: Path) -> None:
    printed = plan(tmp_path, state, *options).stdout
    process = subprocess.run(
        ["sh", "-n"], input=printed, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr


POOLED = (
    f"{HEAD}  move: {{from: postgres, to: cloudnative-pg STATE}}\n"
    "  components: {postgres: {}, cloudnative-pg: {}, pgbouncer: {}, seaweedfs: {}, mlflow: {}}\n"
)
OURS = "-l app.kubernetes.io/managed-by=platformc --field-selector metadata.name=pgbouncer"
FORWARD = [
    f"kubectl delete {kind} -n mlops {OURS}" for kind in ("deployment", "service", "serviceaccount")
]
BACK = ["kubectl delete pooler.postgresql.cnpg.io pgbouncer -n mlops --ignore-not-found --cascade=foreground"]  # fmt: skip


@pytest.mark.parametrize("verb", ["move", "apply-plan"])
@pytest.mark.parametrize(("state", "deletions"), [(OVER, FORWARD), ("", BACK)])
def test_a_pooler_goes_before_another_kind_of_pooler_takes_its_name(
    verb: str, state: str, deletions: list[str], tmp_path: Path
) -> None:
    """CloudNativePG patches a Deployment of the Pooler's name, and its selector can't change."""
    for name, text in (("platform", state), ("before", "" if state else OVER)):
        (tmp_path / f"{name}.yaml").write_text(POOLED.replace(" STATE", text))
    words = [verb, "default", "-f", str(tmp_path / "platform.yaml")]
    if verb == "apply-plan":
        words += ["--since", str(tmp_path / "before.yaml")]
    elif not state:
        words += ["--back"]
    printed = run(*words)
    assert printed.exit_code == 0, printed.output
    script = printed.stdout.splitlines()
    places = [script.index(deletion) for deletion in deletions]
    assert places == sorted(places)
    wave = 23 if state else 22  # of the pooler that takes the name
    assert script[places[-1] + 1] == f"# wave {wave}, databases"
    # At the end, the deletions would hit what the operator has made.
    later = script[places[-1] + 1 :]
    assert not [line for line in later if "kubectl delete" in line and "pgbouncer " in line
                and "configmap" not in line]  # fmt: skip


def test_a_pooler_of_the_old_server_stops_with_the_clients(tmp_path: Path) -> None:
    """It keeps sessions open, for whose end the Job waits."""
    (tmp_path / "platform.yaml").write_text(POOLED.replace(" STATE", OVER))
    words = ["move", "default", "-f", str(tmp_path / "platform.yaml")]
    script = run(*words).stdout.splitlines()
    stop = script.index("kubectl scale deployment/pgbouncer -n mlops --replicas=0")
    (started,) = [n for n, line in enumerate(script) if "--from=cronjob/move" in line]
    waits = [line for line in script[stop:started] if "--for=delete" in line]
    assert any("instance=pgbouncer " in line for line in waits)


ARCHIVED = (
    f"{HEAD}  move: {{from: minio, to: seaweedfs STATE}}\n"
    "  components: {minio: {}, seaweedfs: {}, cloudnative-pg: {backup: {}}, mlflow: {}}\n"
)


@pytest.mark.parametrize(("state", "options"), [(OVER, ()), ("", ("--back",)), ("", ())])
def test_a_server_that_archives_its_log_is_copied_anew_after_the_change(
    state: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    """Its log goes on while the rest is copied: the other store may lack a part of it."""
    (tmp_path / "platform.yaml").write_text(ARCHIVED.replace(" STATE", state))
    words = ["move", "default", "-f", str(tmp_path / "platform.yaml"), *options]
    printed = run(*words)
    assert printed.exit_code == 0, printed.output
    orders = [line for line in printed.stdout.splitlines() if "kubectl create -f -" in line and '"Backup"' in line]  # fmt: skip
    if not state and not options:
        assert not orders
        return
    (order,) = orders
    copy = json.loads(shlex.split(order)[2])
    assert copy["spec"]["cluster"] == {"name": "cloudnative-pg"}
    (ordered,) = lines(printed, order)
    assert max(lines(printed, "kubectl apply")) < ordered
    assert ordered < lines(printed, "jsonpath='{.status.phase}'=completed")[0]


def test_what_cannot_be_moved_now_is_said(tmp_path: Path) -> None:
    assert "write `cutOver: false`" in plan(tmp_path, OVER, "--back").stderr
    (tmp_path / "other").mkdir()
    (tmp_path / "other/platform.yaml").write_text(f"{HEAD}  components: {{postgres: {{}}}}\n")
    words = shlex.split(f"move default -f {tmp_path}/other/platform.yaml")
    assert "nothing is moved" in run(*words).stderr


@pytest.mark.parametrize("state", ["", OVER])
def test_no_login_of_two_servers_is_rotated(state: str, tmp_path: Path) -> None:
    plan(tmp_path, state)
    words = ("secrets", "rotate", "default", "-f", str(tmp_path / "platform.yaml"))
    refused = run(*words, "mlflow-artifacts")
    assert refused.exit_code != 0
    assert "opens minio and seaweedfs" in refused.stderr
    assert run(*words, "minio-root").exit_code == 0


# Diffs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "risk"),
    [("", OVER, Risk.DOWNTIME), (OVER, "", Risk.DOWNTIME), (None, OVER, Risk.DATA_LOSS)],
)
def test_a_cut_over_loses_data_only_where_nothing_was_copied(
    before: str | None, after: str, risk: Risk
) -> None:
    spec = (
        "components: {minio: {}, seaweedfs: {}, postgres: {}, mlflow: {bind: {artifacts: minio}}}\n"
    )

    def lowered(state: str | None) -> Lowered:
        move = "" if state is None else f"  move: {{from: minio, to: seaweedfs{state}}}\n"
        return compile_spec(f"{HEAD}{move}  {spec}".encode(), "platform.yaml").lowered[None]

    changes = list(moved("prod", lowered(before), lowered(after)))
    (change,) = (each for each in changes if each.name == "mlflow artifacts")
    assert {judgement.risk for judgement in change.judgements} == {risk}


@both_states
def test_the_job_of_a_move_has_no_data_of_its_own(state: str) -> None:
    """A removed client takes its bucket from the Job, which is no change of the Job's data."""
    spec = yaml.safe_load(text("minio", state))
    spec["spec"]["workloads"]["report"] = {**spec["spec"]["workloads"]["training"]}
    before, after = (
        compile_spec(content.encode(), "platform.yaml")
        for content in (json.dumps(spec), text("minio", state))
    )
    losses = [change for change in compare(before, after) if change.risk is Risk.DATA_LOSS]
    provider = "seaweedfs" if state else "minio"
    assert [change.title for change in losses] == [f"Bucket report of {provider}"]


@cache
def ending(old: str, state: str = OVER) -> tuple[Change, ...]:
    """The changes of a spec in which the clients name the new instance, and the old one is deleted."""
    new, _ = PAIRS[old]
    spec = yaml.safe_load(text(old, state))
    del spec["spec"]["move"], spec["spec"]["components"][old]
    spec["spec"]["workloads"]["training"]["uses"] = [new]
    texts = (text(old, state), json.dumps(spec))
    before, after = (compile_spec(content.encode(), "platform.yaml") for content in texts)
    assert not after.report.failed, after.report.sorted()
    return compare(before, after)


@each_pair
def test_the_end_of_a_move_loses_no_data(old: str) -> None:
    assert worst(change.risk for change in ending(old)) <= Risk.DOWNTIME
    assert worst(change.risk for change in ending(old, "")) is Risk.DATA_LOSS


def reason(old: str, title: str) -> str:
    (change,) = (change for change in ending(old) if change.title == title)
    return change.judgements[0].reason


def test_the_end_of_a_move_names_what_stays_behind() -> None:
    assert reason("minio", "StatefulSet mlops/minio") == (
        "`seaweedfs` has its data since the cut-over; its volume claim `data-minio-0` stays in "
        "`mlops` until you delete it"
    )
    assert reason("ceph", "CephObjectStore rook-ceph/ceph") == (
        "`seaweedfs` has its data since the cut-over; it stays, with its data, until you delete it"
    )
    # A store's own database is in another server, which stays.
    assert reason("files", "Database files of postgres") == (
        "`ceph` has taken the place of `files`; it stays until you delete it"
    )
