"""The drill of a CloudNativePG's archive: Barman writes it as the plugin does, and the compiled CronJob restores and reads it.

PostgreSQL is Debian's 15, Barman 3.19.1, the store SeaweedFS. The operator and the plugin are stand-ins: the
first is `cloudnative_pg.py`, and the second is `Plugin` below, with the commands of its release 0.14.0
(barman-cloud, pkg/archiver/command.go and pkg/backup/backup.go).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from live import cloudnative_pg
from live.disks import limited
from live.platforms import Manifest, Platform
from live.pods.node import Node

pytestmark = pytest.mark.live

SPEC = """
  backup: {to: offsite, keep: 7d}
  components:
    offsite: {type: seaweedfs, namespace: copies}
    seaweedfs: {}
    cloudnative-pg:
      storage: 512Mi
      # The disk of a drill lies in its pod's memory here.
      resources: {limits: {memory: 2Gi}}
      image: "ghcr.io/cloudnative-pg/postgresql:15.18-standard-bookworm"
    mlflow: {smoke: false}
  workloads:
    training:
      image: registry.example.internal/training:1.0.0
      command: [python, train.py]
      uses: [cloudnative-pg]
"""
STORE = """
import boto3, sys
s3 = boto3.client("s3", aws_access_key_id=KEY, aws_secret_access_key=SECRET,
                  endpoint_url="http://offsite.copies.svc.cluster.local:8333")
BUCKET = "cloudnative-pg-backups"
def names(part):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return sorted(item["Key"] for page in pages for item in page.get("Contents", ()) if part in item["Key"])
def read(name):
    return s3.get_object(Bucket=BUCKET, Key=name)["Body"].read()
def write(name, body):
    s3.put_object(Bucket=BUCKET, Key=name, Body=body)
def put_aside(name, body):
    write("aside/" + name, read(name))
    s3.delete_object(Bucket=BUCKET, Key=name) if body is None else write(name, body)
"""
RESTORE_FILES = """
for name in names("aside/"):
    write(name.removeprefix("aside/"), read(name))
    s3.delete_object(Bucket=BUCKET, Key=name)
"""
CUT = """
name = names("/data.tar")[-1]
put_aside(name, read(name)[:-20000])
"""
LOST = """
put_aside([name for name in names("/wals/") if "." not in name.rpartition("/")[2].removesuffix(".gz")][NUMBER], None)
"""
OLD = """
import re
name = names("/backup.info")[-1]
put_aside(name, re.sub(rb"(?m)^(begin|end)_time=20..-", rb"\\1_time=2024-", read(name)))
"""


@dataclass
class Plugin:
    """The commands that the Barman Cloud Plugin runs beside the server, by the compiled ObjectStore."""

    node: Node
    store: Manifest
    server_name: str

    def sh(self, command: str) -> str:
        return self.node.execute("mlops", "cloudnative-pg", "sh", "-c", command, timeout=200)

    def command(self, program: str, options: str) -> str:
        configuration = self.store["spec"]["configuration"]
        return (
            f"{program} {options} --gzip --endpoint-url {configuration['endpointURL']} --cloud-provider aws-s3 "
            f"{configuration['destinationPath']} {self.server_name}"
        )

    def environment(self) -> str:
        keys = self.node.secret_values("mlops", "cloudnative-pg-backups")
        sidecar = self.store["spec"]["instanceSidecarConfiguration"]["env"]
        values = {**keys, **{variable["name"]: variable["value"] for variable in sidecar}}
        return " ".join(f"{name}={shlex.quote(value)}" for name, value in values.items())

    def archive_the_log(self) -> None:
        """The server sends each file of its log from now on."""
        command = f"env {self.environment()} {self.command('barman-cloud-wal-archive', '')} $1"
        # A backup waits for a checkpoint, which takes its time.
        self.ask("ALTER SYSTEM SET checkpoint_timeout = '30s'")
        self.ask("SELECT pg_reload_conf()")
        self.sh(f"echo {shlex.quote(command)} >{cloudnative_pg.ARCHIVE}")

    def back_up(self, name: str) -> None:
        options = f"--user postgres --name {name}"
        self.sh(
            f"env {self.environment()} TMPDIR=/tmp PGHOST=/var/run/postgresql {self.command('barman-cloud-backup', options)}"
        )

    def ask(self, statement: str, database: str = "postgres") -> str:
        query = shlex.quote(statement)
        return self.sh(f"psql -U postgres -X -qAt -v ON_ERROR_STOP=1 -c {query} {database}").strip()

    def end_of_log(self) -> None:
        """The file of the log that the server writes to is stored."""
        name = self.ask("SELECT pg_walfile_name(pg_switch_wal())")
        self.node.until(
            lambda: self.ask("SELECT last_archived_wal FROM pg_stat_archiver") >= name, 60, []
        )


@pytest.fixture(scope="module")
def plugin(folder: Path, node: Node) -> Plugin:
    """A platform whose server sends its log, with MLflow's tables, a base backup and some log after it."""
    objects = Platform(folder).write(SPEC).compile()
    node.apply(objects, without=("mlflow",))
    cloudnative_pg.reconcile(node, objects)
    node.wait(300)
    (store,) = [item for item in objects if item["kind"] == "ObjectStore"]
    (cluster,) = [item for item in objects if item["kind"] == "Cluster"]
    (archiver,) = cluster["spec"]["plugins"]
    plugin = Plugin(node, store, archiver["parameters"]["serverName"])
    plugin.archive_the_log()
    plugin.back_up("backup-20261129030000")
    plugin.ask("CREATE TABLE kept (number int PRIMARY KEY)", "training")
    for number in range(3):
        plugin.ask(f"INSERT INTO kept SELECT generate_series({number}000, {number}999)", "training")
        plugin.end_of_log()
    return plugin


def stored(node: Node, program: str) -> str:
    keys = node.secret_values("copies", "offsite-admin")
    login = f"KEY, SECRET = {keys['AWS_ACCESS_KEY_ID']!r}, {keys['AWS_SECRET_ACCESS_KEY']!r}\n"
    return node.script("mlops", "training", f"{login}{STORE}{program}")


@contextmanager
def changed(node: Node, program: str) -> Iterator[None]:
    """Objects of the archive are other ones for a while."""
    stored(node, program)
    try:
        yield
    finally:
        stored(node, RESTORE_FILES)


def drilled(node: Node) -> str:
    return node.completed(node.run("mlops", "cloudnative-pg-drill"), 200)


def failed(node: Node) -> str:
    pod = node.run("mlops", "cloudnative-pg-drill")
    node.until(lambda: pod.failed or pod.finished, 200, [])
    assert pod.failed, node.output(pod)
    return node.report([pod])


def test_a_whole_archive_is_read_to_its_end(plugin: Plugin, node: Node) -> None:
    printed = drilled(node)
    assert "the last transaction is of 20" in printed
    assert "training: 1 tables are read to their ends" in printed
    assert "mlflow: " in printed
    assert "tables and indexes are sound, by amcheck" in printed


def test_the_key_of_the_drill_changes_nothing(plugin: Plugin, node: Node) -> None:
    keys = node.secret_values("mlops", "cloudnative-pg-drill")
    login = f"KEY, SECRET = {keys['AWS_ACCESS_KEY_ID']!r}, {keys['AWS_SECRET_ACCESS_KEY']!r}\n"
    program = f"""{login}{STORE}
from botocore.exceptions import ClientError
name = names("/data.tar")[0]
for change in (lambda: write("other", b""), lambda: write(name, b""), lambda: s3.delete_object(Bucket=BUCKET, Key=name)):
    try:
        change()
    except ClientError as error:
        print(error.response["ResponseMetadata"]["HTTPStatusCode"])
"""
    assert node.script("mlops", "training", program).split() == ["403"] * 3


def test_a_lost_file_of_the_log_is_missed_although_the_server_starts(
    plugin: Plugin, node: Node
) -> None:
    with changed(node, LOST.replace("NUMBER", "-2")):
        printed = failed(node)
    assert "the log breaks off after 0000000100000000000000" in printed
    assert "make a base backup now: kubectl cnpg backup cloudnative-pg -n mlops" in printed


def test_a_backup_without_its_own_log_does_not_come_up(plugin: Plugin, node: Node) -> None:
    first = "[name for name in names('/wals/') if name.endswith('.backup.gz')][0]"
    # The file of the log in which the backup begins has the name of its label, up to the first dot.
    program = f"label = {first}\nput_aside(label.partition('.')[0] + '.gz', None)\n"
    with changed(node, program):
        printed = failed(node)
    assert "a file of the log is missing or damaged, or the store did not answer" in printed
    assert "make a base backup now" in printed


def test_a_file_of_the_log_that_was_cut_off_is_not_the_end_of_it(
    plugin: Plugin, node: Node
) -> None:
    last = "[name for name in names('/wals/') if len(name.rpartition('/')[2]) == 27][-1]"
    with changed(node, f"last = {last}\nput_aside(last, read(last)[:-100])\n"):
        printed = failed(node)
    assert "cannot be fetched from the archive (status 4" in printed


def test_a_base_backup_that_was_cut_off_does_not_come_back(plugin: Plugin, node: Node) -> None:
    with changed(node, CUT):
        printed = failed(node)
    assert "does not come back: its files are missing, cut off or changed" in printed
    assert "find out what else writes to the bucket cloudnative-pg-backups" in printed


def test_an_archive_that_is_older_than_its_schedule_promises(plugin: Plugin, node: Node) -> None:
    with changed(node, OLD):
        printed = failed(node)
    assert "h ago, and by its schedule it is at most 30 h old" in printed
    assert "kubectl get scheduledbackups,backups -n mlops says why" in printed


def test_an_archive_without_a_complete_base_backup(plugin: Plugin, node: Node) -> None:
    with changed(node, "for name in names('/base/'): put_aside(name, None)\n"):
        printed = failed(node)
    assert "has no complete base backup, so nothing can be restored from it" in printed


# Each row has a mebibyte, which PostgreSQL does not compress.
FILL = """
CREATE TABLE IF NOT EXISTS filled (body text);
ALTER TABLE filled ALTER body SET STORAGE EXTERNAL;
INSERT INTO filled SELECT repeat(md5(random()::text), 32768) FROM generate_series(1, {rows})
"""


def test_a_nearly_full_server_fits_on_the_disk_of_the_drill(plugin: Plugin, node: Node) -> None:
    """Of 512 MiB, 250 are rows in the base backup and 100 are rows in the log that the drill replays."""
    plugin.ask(FILL.format(rows=250), "training")
    plugin.back_up("backup-20261129040000")
    plugin.ask(FILL.format(rows=100), "training")
    plugin.end_of_log()
    with limited(node, (), empty_dirs=["cloudnative-pg"]):
        assert "training: 2 tables are read to their ends" in drilled(node)


def test_what_the_platform_has_and_the_archive_lacks_is_named(plugin: Plugin, node: Node) -> None:
    """The last test: the log never forgets that these are gone."""
    plugin.ask("DROP SCHEMA public CASCADE; CREATE SCHEMA public", "mlflow")
    plugin.ask("DROP DATABASE training WITH (FORCE)")
    plugin.ask('DROP OWNED BY "training_owner"; DROP ROLE "training_owner"')
    plugin.end_of_log()
    printed = failed(node)
    assert "the database mlflow has no table in the archive" in printed
    assert "the database training, which the platform has in cloudnative-pg, is not" in printed
    assert "the role training_owner, which the platform has in cloudnative-pg, is not" in printed
