"""CloudNativePG with its Barman Cloud Plugin copies databases, to MinIO of the platform and to a company's store with TLS
and its own authority. New clusters are made from a moment of their logs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from cluster import jobs
from cluster.node import Manifest, Node
from cluster.platforms import authority, deliver, install_certificates, update
from cluster.stores import Store, company, minio

pytestmark = [pytest.mark.live, pytest.mark.cluster, pytest.mark.soak]

HERE = Path(__file__).parent
KEY = {"AWS_ACCESS_KEY_ID": "database-copies", "AWS_SECRET_ACCESS_KEY": "of-the-database"}
SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: copied}
spec:
  components:
    minio: {storage: 2Gi}
    company:
      type: external-s3
      host: store.company.svc.cluster.local
      port: 9000
      cidrs: [10.244.0.0/16]
      ca: {secret: company-ca}
      credentials: {secret: company-key}
    inside:
      type: cloudnative-pg
      image: ghcr.io/cloudnative-pg/postgresql:17.9-system-trixie
      replicas: 1
      storage: 1Gi
      backup: {schedule: "0 3 * * *"}
      bind: {backups: minio}
    outside:
      type: cloudnative-pg
      image: ghcr.io/cloudnative-pg/postgresql:17.9-system-trixie
      replicas: 1
      storage: 1Gi
      backup: {schedule: "0 3 * * *"}
      bind: {backups: company}
  workloads:
    writer-inside:
      image: ghcr.io/mlflow/mlflow:v3.17.2-full
      command: [python, write.py]
      uses: [inside]
    writer-outside:
      image: ghcr.io/mlflow/mlflow:v3.17.2-full
      command: [python, write.py]
      uses: [outside]
"""
# Two clusters, by the store of their backups.
CLUSTERS = {"inside": "minio", "outside": "company"}
# A pod starts before the network policies know it.
CONNECT = """\
import psycopg2, time
while True:
    try:
        connection = psycopg2.connect()
        break
    except psycopg2.OperationalError as error:
        print(error, flush=True)
        time.sleep(1)
connection.autocommit = True
cursor = connection.cursor()
"""
WRITE = f"""{CONNECT}
cursor.execute("create table kept (number int)")
cursor.execute("insert into kept select generate_series(1, 1000)")
"""
DROP = f"""{CONNECT}
cursor.execute("drop table kept")
cursor.execute("create table late (number int)")
"""
READ = f"""{CONNECT}
cursor.execute("select count(*) from kept")
print("kept", cursor.fetchone()[0])
cursor.execute("select to_regclass('late')")
print("late", cursor.fetchone()[0])
"""


@pytest.fixture(scope="module")
def platform(node: Node, folder: Path) -> Node:
    install_certificates(node)
    node.kubectl("apply", "--server-side", "-f", str(HERE / "company_store.yaml"))
    node.kubectl("rollout", "status", "deployment/store", "-n", "company", "--timeout=180s")
    _prepare_the_store(node, folder)
    deliver(node, folder, SPEC)
    return node


def _prepare_the_store(node: Node, folder: Path) -> None:
    """The bucket and the key that `prerequisites` asks the store's administrator for, and their Secrets."""
    (folder / "platform.yaml").write_text(SPEC)
    printed = node.shell("platformc compile; platformc prerequisites default", folder)
    _, _, policy = printed.partition("in the Secret company-key:\n")
    statements, _ = json.JSONDecoder().raw_decode(policy)
    store = _store(node, "outside")
    store.make_bucket("outside-backups")
    store.add_key(KEY["AWS_ACCESS_KEY_ID"], KEY["AWS_SECRET_ACCESS_KEY"], json.dumps(statements))
    node.apply(
        [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "mlops"}},
            _secret("company-key", KEY),
            _secret("company-ca", {"ca.crt": authority(node)}),
        ]
    )


def _secret(name: str, data: dict[str, str]) -> Manifest:
    metadata = {"name": name, "namespace": "mlops"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_copy_and_the_log_lie_in_the_bucket(platform: Node, cluster: str) -> None:
    platform.until(lambda: _copied(platform, cluster), "complete copy", 400)
    _switch(platform, cluster)
    platform.until(lambda: _has(platform, cluster, f"{cluster}/wals/"), "log", 120)
    assert _has(platform, cluster, f"{cluster}/base/")


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_new_cluster_is_made_from_a_moment_of_the_log(
    platform: Node, folder: Path, cluster: str
) -> None:
    """The rows of that moment are there, and later rows are not. The new cluster has its own archive."""
    jobs.run(platform, f"writer-{cluster}", WRITE)
    _switch(platform, cluster)
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    platform.on_node("sleep", "2")
    jobs.run(platform, f"writer-{cluster}", DROP)
    _switch(platform, cluster)
    platform.until(lambda: _failed_archives(platform, cluster) == "0 0", "log that is stored", 120)
    # As docs/backup.md says: with the schedule, so that the new one makes its first copy at once.
    for kind in ("cluster", "scheduledbackup"):
        platform.kubectl("delete", f"{kind}.postgresql.cnpg.io", cluster, "-n", "mlops")
    spec = yaml.safe_load((folder / "platform.yaml").read_text())
    restored = spec["spec"]["components"][cluster]
    restored["backup"]["archive"] = "again"
    restored["restore"] = {"until": moment}
    update(platform, folder, yaml.safe_dump(spec))
    read = jobs.run(platform, f"writer-{cluster}", READ)
    assert read.splitlines()[-2:] == ["kept 1000", "late None"]
    platform.until(lambda: _has(platform, cluster, "again/base/"), "copy of the new cluster", 300)
    platform.until_well(300)


def _copied(node: Node, cluster: str) -> bool:
    copies = node.get("backups.postgresql.cnpg.io", "-n", "mlops")["items"]
    return any(
        copy["spec"]["cluster"]["name"] == cluster
        and copy.get("status", {}).get("phase") == "completed"
        for copy in copies
    )


def _store(node: Node, cluster: str) -> Store:
    if CLUSTERS[cluster] == "company":
        return company(node, authority(node))
    return minio(node, "mlops")


def _has(node: Node, cluster: str, folder: str) -> bool:
    return any(folder in name for name in _store(node, cluster).names(f"{cluster}-backups"))


def _switch(node: Node, cluster: str) -> None:
    """End the file of the log that the server writes to, so that it is stored."""
    _query(node, cluster, "select pg_switch_wal()")


def _failed_archives(node: Node, cluster: str) -> str:
    """Files of the log that wait to be stored, and whether the last one failed."""
    waiting = "select count(*) from pg_ls_archive_statusdir() where name like '%.ready'"
    failed = "select (last_failed_time > last_archived_time)::int from pg_stat_archiver"
    return f"{_query(node, cluster, waiting)} {_query(node, cluster, failed) or 0}"


def _query(node: Node, cluster: str, query: str) -> str:
    pod = ("exec", "-n", "mlops", f"{cluster}-1", "-c", "postgres", "--")
    return node.kubectl(*pod, "psql", "-Atc", query).strip()
