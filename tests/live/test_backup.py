"""Copies that are made, lost originals, and copies that come back: PostgreSQL, MLflow and SeaweedFS.

rclone is Debian's 1.60, PostgreSQL Debian's, the store SeaweedFS 4.48.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from threading import Thread

import pytest

from live.platforms import Platform
from live.pods.node import Node, commanded
from live.pods.objects import pod_template
from live.pods.pod import Pod

pytestmark = pytest.mark.live

SPEC = """
  backup: {to: offsite, keep: 7d, encrypt: true}
  components:
    seaweedfs: {}
    offsite: {type: seaweedfs, namespace: copies}
    postgres: {}
    mlflow: {smoke: false}
  workloads:
    training:
      image: registry.example.internal/training:1.0.0
      command: [python, train.py]
      uses: [mlflow, postgres]
"""
# MLflow's own client, straight at the database and the store, as the server's pod has them.
CLIENT = """
import mlflow, os
mlflow.set_tracking_uri(os.environ["MLFLOW_BACKEND_STORE_URI"])
"""
TRAIN = f"""{CLIENT}
root = os.environ["MLFLOW_DEFAULT_ARTIFACT_ROOT"]
experiment = mlflow.create_experiment("kept", artifact_location=root + "/kept")
with mlflow.start_run(experiment_id=experiment, run_name="first"):
    mlflow.log_metric("loss", 0.25)
    mlflow.log_text("as it was", "note.txt")
print("logged")
"""
READ = f"""{CLIENT}
(run,) = mlflow.search_runs(experiment_names=["kept"], output_format="list")
text = mlflow.artifacts.load_text(run.info.artifact_uri + "/note.txt")
print(run.data.metrics["loss"], text)
"""
COUNT = (
    "select count(*) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
)
ACTIVE = "SELECT * FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()"
SLEEPING = f"SELECT count(*) FROM ({ACTIVE}) a WHERE query ~ 'pg_sleep'"
WAITING = f"SELECT count(*) FROM ({ACTIVE}) a WHERE wait_event_type = 'Lock'"
OFFSITE = """
import boto3
s3 = boto3.client("s3", aws_access_key_id=KEY, aws_secret_access_key=SECRET,
                  endpoint_url="http://offsite.copies.svc.cluster.local:8333")
objects = s3.list_objects_v2(Bucket="postgres-backups")["Contents"]
"""
LIST = "\nprint(*sorted(entry['Key'] for entry in objects))\n"
# The largest objects are the dumps of each copy; a transfer that broke off would leave half of one.
CUT = """
largest = max(item["Size"] for item in objects)
for key in (item["Key"] for item in objects if 2 * item["Size"] > largest):
    body = s3.get_object(Bucket="postgres-backups", Key=key)["Body"].read()
    s3.put_object(Bucket="postgres-backups", Key=key, Body=body[:len(body) // 2])
print("cut off")
"""


def offsite(node: Node, program: str) -> str:
    stored_login = node.secret_values("copies", "offsite-admin")
    login = f"KEY, SECRET = {stored_login['AWS_ACCESS_KEY_ID']!r}, {stored_login['AWS_SECRET_ACCESS_KEY']!r}\n"
    return node.script("mlops", "training", f"{login}{OFFSITE}{program}")


def tracked(node: Node, program: str) -> str:
    template = pod_template(node.objects.get("Deployment", "mlops", "mlflow"))
    pod = node.run("mlops", "mlflow", template=commanded(template, ("python", "-c", program)))
    return node.completed(pod, 200)


@pytest.fixture(scope="module")
def platform(folder: Path, node: Node) -> Platform:
    """Databases and stores run; of MLflow, its migration and its clients."""
    created = Platform(folder).write(SPEC)
    node.apply(created.compile(), without=("mlflow",))
    node.wait(300)
    return created


Line = tuple[str, str]


def started(node: Node, name: str, line: Line | None = None, **variables: str) -> Pod:
    """A pod of a CronJob with more variables; `line` is one of the copy's ORIGIN, and its substitute."""
    template = deepcopy(node.template("mlops", name))
    for container in (*template["spec"].get("initContainers", ()), *template["spec"]["containers"]):
        container["env"] += [{"name": key, "value": value} for key, value in variables.items()]
    if line:
        edit = f"sed -i 's#{line[0]}#{line[1]}#' /backup/*/ORIGIN && grep -q '{line[1]}' /backup/*/ORIGIN"
        (container,) = template["spec"]["containers"]
        container["command"] = ["sh", "-c", f"{edit} && exec sh /etc/platformc/restore.sh"]
    return node.run("mlops", name, template=template)


def restored(node: Node, name: str, line: Line | None = None, **variables: str) -> str:
    return node.completed(started(node, name, line, **variables), 200)


def refused(node: Node, name: str, line: Line | None = None, **variables: str) -> str:
    pod = started(node, name, line, **variables)
    node.until(lambda: pod.failed or pod.finished, 200, [])
    assert pod.failed
    return node.report([pod])


def ask(node: Node, statement: str, database: str = "mlflow") -> str:
    command = ("psql", "-U", "postgres", "-Atc", statement, database)
    return node.execute("mlops", "postgres", *command, timeout=150).strip()


def tables(node: Node) -> int:
    return int(ask(node, COUNT))


@contextmanager
def interrupted(node: Node, database: str, lock: str, **variables: str) -> Iterator[None]:
    """A restore waits for a lock and is killed there."""
    holding = f"BEGIN; {lock}; SELECT pg_sleep(120)"
    command = ("psql", "-U", "postgres", "-c", holding, database)
    holder = Thread(target=node.pod("mlops", "postgres").execute, args=("postgres", command, 150))
    holder.start()
    node.until(lambda: ask(node, SLEEPING) == "1", 30, [])
    pod = started(node, "postgres-restore", None, **variables)
    node.until(lambda: ask(node, WAITING) == "1", 120, [pod])
    node.discard([pod])
    ask(node, f"SELECT pg_terminate_backend(pid) FROM ({ACTIVE}) a WHERE query ~ 'pg_sleep'")
    holder.join()
    node.until(lambda: ask(node, WAITING) == "0", 30, [])
    yield


def wiped(node: Node, name: str) -> None:
    """The server starts on an empty volume, and its Job makes again the databases that clients claim."""
    node.stop("StatefulSet", "mlops", name)
    for entry in (node.place / "claims" / "mlops" / f"data-{name}-0").iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    server = node.objects.get("StatefulSet", "mlops", name)
    node.objects.manifests_by_key.pop(("StatefulSet", "mlops", name))
    node.apply([server])
    node.wait(120, name)


def test_copies_are_made_by_logins_that_can_only_read(platform: Platform, node: Node) -> None:
    assert "logged" in tracked(node, TRAIN)
    ask(node, "CREATE TABLE counts (n int); INSERT INTO counts VALUES (1), (2)", "training")
    assert "copied 2" in node.completed(node.run("mlops", "postgres-backup"), 200)
    assert "mlflow: 1 objects" in node.completed(node.run("mlops", "seaweedfs-backup"), 200)
    login = node.secret_values("mlops", "postgres-backup")
    write = f"PGPASSWORD={login['password']} psql -h 127.0.0.1 -U {login['username']} mlflow -c 'delete from runs'"
    answer = node.pod("mlops", "postgres").execute("postgres", ("sh", "-c", write))
    assert "permission denied" in answer.stderr


def test_copies_are_encrypted(platform: Platform, node: Node) -> None:
    assert "mlflow.dump" not in offsite(node, LIST)


def test_a_drill_compares_what_it_restores(platform: Platform, node: Node) -> None:
    printed = node.completed(node.run("mlops", "postgres-drill"), 200)
    assert "drill_mlflow is as it was copied at" in printed
    assert " public.runs\n" in printed


# A table's check runs again while its rows come back; a function with the name of PostgreSQL's own would be called in
# its place. Both try to make the client a superuser.
GRASP = """
CREATE FUNCTION public.grasp() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
  PERFORM set_config('role', 'none', true);
  EXECUTE format('ALTER ROLE %I SUPERUSER', '{login}');
  RETURN true;
EXCEPTION WHEN insufficient_privilege THEN RETURN true; END $$;
CREATE TABLE innocent (i int CHECK (public.grasp()));
INSERT INTO innocent VALUES (1);
CREATE FUNCTION public.format(text, name) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
  PERFORM public.grasp(); RETURN pg_catalog.format($1, VARIADIC ARRAY[$2]); END $$;
CREATE FUNCTION public.format(text, name, name) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
  PERFORM public.grasp(); RETURN pg_catalog.format($1, VARIADIC ARRAY[$2, $3]); END $$;
"""
SUPERUSERS = "SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolsuper"


def test_a_client_gains_nothing_by_a_copy_of_its_code(platform: Platform, node: Node) -> None:
    login = node.secret_values("mlops", "training-postgres")
    words = ("psql", "-qAt", "-h", "127.0.0.1", "-U", login["username"], "training")
    grasp = GRASP.format(login=login["username"])
    command = f"PGPASSWORD={login['password']} exec {shlex.join((*words, '-c', grasp))}"
    node.execute("mlops", "postgres", "sh", "-c", command)
    node.completed(node.run("mlops", "postgres-backup"), 200)
    assert "drill_training is as it was copied" in node.completed(
        node.run("mlops", "postgres-drill"), 200
    )
    assert " public.innocent\n" in restored(node, "postgres-restore", None, REPLACE="yes")
    (job,) = [name for _, name, _ in node.objects.of("Job") if name.startswith("postgres-ensure")]
    node.completed(node.run("mlops", job), 200)
    assert ask(node, SUPERUSERS, "postgres") == "postgres"
    ask(node, "DROP TABLE innocent; DROP FUNCTION grasp CASCADE", "training")
    node.completed(node.run("mlops", "postgres-backup"), 200)


def test_what_is_there_is_not_overwritten(platform: Platform, node: Node) -> None:
    before = tables(node)
    ask(node, "CREATE TABLE extra (id int)")
    assert "mlflow is not empty; with --replace a restore deletes these tables: public." in refused(
        node, "postgres-restore"
    )
    ask(node, "DROP TABLE extra")
    assert tables(node) == before


def test_a_store_that_holds_other_objects_is_not_overwritten(
    platform: Platform, node: Node
) -> None:
    assert "logged" in tracked(node, TRAIN.replace("kept", "later"))
    printed = refused(node, "seaweedfs-restore")
    assert "mlflow is not empty: it has 1 objects that are not in the copy" in printed
    assert "mlflow is not empty" in refused(node, "postgres-restore")


@pytest.mark.parametrize(
    ("line", "replacement", "reason"),
    [
        ("platform live/postgres", "platform lab/postgres", "this copy is of lab/postgres, not of live/postgres"),
        ("platform live/postgres", "platform live/reports", "this copy is of live/reports, not of live/postgres"),
        ("server 15", "server 99", "this copy is of a server of release 99, and this one is 15"),
        ("mlflow/mlflow 3.17", "mlflow/mlflow 4.2", "mlflow 4.2 has written the schema of mlflow in this copy, and mlflow 3.17 refuses"),
    ],
)  # fmt: skip
def test_a_copy_that_does_not_fit_is_refused_before_anything_is_overwritten(
    platform: Platform, node: Node, line: str, replacement: str, reason: str
) -> None:
    before = tables(node)
    printed = refused(node, "postgres-restore", line=(line, replacement), REPLACE="yes")
    assert reason in printed
    assert tables(node) == before


def test_a_copy_of_another_platform_is_taken_where_it_is_asked_for(
    platform: Platform, node: Node
) -> None:
    line = ("platform live/postgres", "platform lab/postgres")
    printed = restored(node, "postgres-restore", line=line, REPLACE="yes", FROM="lab")
    assert "mlflow is as it was copied at" in printed


def test_a_key_that_is_not_the_copies_is_named(platform: Platform, node: Node) -> None:
    for name, key in (("postgres", "fetch"), ("seaweedfs", "restore")):
        assert f"the key in the Secret {name}-backup-key is not the one of its copies" in refused(
            node, f"{name}-restore", BACKUP_KEY="another"
        ), key


def test_an_earlier_state_comes_back_by_the_time_of_its_copy(
    platform: Platform, node: Node
) -> None:
    time = restored(node, "postgres-backup").split("copied ")[1].strip()
    ask(node, "INSERT INTO counts VALUES (3)", "training")
    assert "copied 2" in restored(node, "postgres-backup")
    assert "training is as it was copied at" in restored(
        node, "postgres-restore", AT=time, REPLACE="yes"
    )
    assert ask(node, "SELECT max(n) FROM counts", "training") == "2"


def test_a_replacement_that_is_interrupted_leaves_everything_as_it_was(
    platform: Platform, node: Node
) -> None:
    before = tables(node)
    with interrupted(node, "mlflow", "LOCK TABLE runs IN ACCESS SHARE MODE", REPLACE="yes"):
        assert tables(node) == before


def test_lost_originals_come_back(platform: Platform, node: Node) -> None:
    before = tables(node)
    for name, job in (("postgres", "postgres-ensure"), ("seaweedfs", "seaweedfs-buckets")):
        wiped(node, name)
        node.rerun("mlops", job)
    assert tables(node) == 0
    # The second of two databases is missing; the restore is then run again.
    with interrupted(node, "training", "DROP SCHEMA public"):
        assert tables(node) == before
    printed = restored(node, "postgres-restore")
    assert "mlflow is already as it was copied at" in printed
    assert "training is as it was copied at" in printed
    assert ask(node, "SELECT tableowner FROM pg_tables WHERE tablename = 'runs'") == "mlflow_owner"
    assert "mlflow is as it was copied at" in restored(node, "seaweedfs-restore")
    assert "mlflow is as it was copied at" in restored(node, "seaweedfs-restore")
    assert tables(node) == before
    assert tracked(node, READ).splitlines()[-1] == "0.25 as it was"


def test_a_copy_that_was_cut_off_is_refused_before_anything_is_overwritten(
    platform: Platform, node: Node
) -> None:
    before = tables(node)
    assert "cut off" in offsite(node, CUT)
    refused(node, "postgres-restore", REPLACE="yes")
    assert tables(node) == before
