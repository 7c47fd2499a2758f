"""Logins that CloudNativePG's operator lets in before the platform's Job has settled them: PostgreSQL 15, the operator's
part by the stand-in (cloudnative_pg.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from threading import Thread
from typing import Any

import pytest

from live import cloudnative_pg
from live.platforms import Manifest, Platform
from live.pods.node import Node

pytestmark = pytest.mark.live

# Two trackers write to a database that they share; `serving` only reads the registry of Feast, which `training` writes.
SPEC = """
  components:
    seaweedfs: {}
    cloudnative-pg: {image: "ghcr.io/cloudnative-pg/postgresql:15.18-system-bookworm"}
    redis: {}
    mlflow: {shared: true}
    ablations: {type: mlflow, database: mlflow, bucket: ablations, shared: true, smoke: false}
    feast: {bind: {registry: cloudnative-pg}, shared: true, writers: [training]}
  workloads:
    training: {image: "registry.example.internal/training:1.0.0", command: [python, train.py], uses: [feast]}
    serving: {image: "registry.example.internal/serving:1.0.0", command: [python, serve.py], uses: [feast]}
"""
SERVER = "cloudnative-pg"
TRACKER, ABLATIONS, TRAINING = WRITERS = (
    ("mlflow-backend-store", "mlflow"),
    ("ablations-backend-store", "mlflow"),
    ("training-feast-registry", "feast"),
)
READER = ("serving-feast-registry", "feast")
OWNERS = "SELECT string_agg(DISTINCT tableowner, ' ') FROM pg_tables WHERE schemaname = 'public'"
SESSIONS = (
    "SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()"
)


class Logins:
    """The server, and clients that log in with the Secrets of the platform."""

    def __init__(self, node: Node, objects: list[Manifest]) -> None:
        self.node = node
        (cluster,) = (item for item in objects if item["kind"] == "Cluster")
        self.secrets = {
            role["name"]: role["passwordSecret"]["name"]
            for role in cluster["spec"]["managed"]["roles"]
            if role.get("login")
        }

    def ask(self, login: tuple[str, str], *statements: str, timeout: float = 60) -> str:
        """The output of psql for a login, errors included."""
        user, database = login
        password = self.node.secret_values("mlops", self.secrets[user])["password"]
        address = f"host={SERVER}-rw port=5432 dbname={database} user={user} sslmode=require"
        psql = f"PGPASSWORD='{password}' psql -X -q -At '{address}' \"$@\" 2>&1 || :"
        words = [word for statement in statements for word in ("-c", statement)]
        return self.node.execute(
            "mlops", SERVER, "sh", "-c", psql, "sh", *words, timeout=timeout
        ).strip()

    def stays(self, login: tuple[str, str], statement: str) -> None:
        """Start a client with a session that goes on after its statement."""
        before = self.sessions()
        words = (login, statement, "SELECT pg_sleep(300)")
        Thread(target=self._ask_until_the_end, args=words, daemon=True).start()
        self.node.until(lambda: self.sessions() > before, 60, [])

    def _ask_until_the_end(self, *words: Any) -> None:
        with suppress(AssertionError):  # the server ends with the test
            self.ask(*words, timeout=300)

    def sessions(self) -> set[str]:
        command = (*cloudnative_pg.PSQL, "-c", SESSIONS)
        return set(self.node.execute("mlops", SERVER, *command).split())

    def settle(self) -> None:
        self.node.rerun("mlops", f"{SERVER}-logins-")


@pytest.fixture(scope="module")
def logins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logins]:
    """The server with its databases and roles; the Job has not run."""
    node = Node(tmp_path_factory.mktemp("node"))
    try:
        objects = Platform(tmp_path_factory.mktemp("platform")).write(SPEC).compile()
        kinds = ("Secret", "Cluster", "Database", "ConfigMap", "ServiceAccount")
        job = next(
            item["metadata"]["name"]
            for item in objects
            if item["kind"] == "Job" and item["metadata"]["name"].startswith(f"{SERVER}-logins-")
        )
        chosen = [
            item for item in objects if item["kind"] in kinds or item["metadata"]["name"] == job
        ]
        node.apply(chosen, without=[job])
        cloudnative_pg.reconcile(node, chosen)
        yield Logins(node, objects)
    finally:
        node.close()


def test_what_clients_made_before_the_job_goes_to_the_owner(logins: Logins) -> None:
    for login in WRITERS:
        logins.stays(login, f'CREATE TABLE "early {login[0]}" ()')
    assert len(logins.sessions()) == len(WRITERS)
    logins.settle()
    assert logins.sessions() == set()
    for login in WRITERS:
        assert logins.ask(login, OWNERS) == f"{login[1]}_owner"
        assert logins.ask(login, f'SELECT count(*) FROM "early {login[0]}"') == "0"


def test_later_runs_leave_sessions_alone(logins: Logins) -> None:
    for login in WRITERS:
        logins.stays(login, f'CREATE TABLE "later {login[0]}" ()')
    before = logins.sessions()
    logins.settle()
    assert logins.sessions() == before
    assert logins.ask(TRACKER, OWNERS) == "mlflow_owner"


def test_what_a_login_makes_belongs_to_all_of_its_database(logins: Logins) -> None:
    assert logins.ask(TRACKER, "CREATE TABLE run (number int)") == ""
    assert logins.ask(ABLATIONS, "ALTER TABLE run ADD COLUMN word text") == ""


def test_a_login_that_reads_does_no_more(logins: Logins) -> None:
    assert logins.ask(TRAINING, "CREATE TABLE feature (number int)") == ""
    for table in ('"early training-feast-registry"', "feature"):
        assert logins.ask(READER, f"SELECT count(*) FROM {table}") == "0"
    for statement in ("DELETE FROM feature", "CREATE TABLE mine ()"):
        assert "permission denied" in logins.ask(READER, statement)


def test_a_login_opens_no_other_database(logins: Logins) -> None:
    for user, database in ((TRAINING[0], "mlflow"), (TRACKER[0], "feast")):
        assert "permission denied for database" in logins.ask((user, database), "SELECT")


def test_a_frozen_database_gets_its_logins(logins: Logins) -> None:
    """A move leaves a database that takes no writes; a login of it may still rotate or come anew."""
    assert logins.ask(TRACKER, "ALTER DATABASE mlflow SET default_transaction_read_only = on") == ""
    assert "read-only transaction" in logins.ask(TRACKER, "CREATE TABLE late ()")
    logins.settle()
