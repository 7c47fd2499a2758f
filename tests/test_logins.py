"""Names of users: each server keeps so many characters, and no two instances have one login."""

from __future__ import annotations

import re

import pytest
from support.diagnosing import compiled

from compiler.interfaces import mysql, postgresql, sql

LONG = "-".join(["training"] * 10)
HEAD = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: one}\nspec:\n"
IMAGE = "image: registry.example.internal/report:1.0.0"


@pytest.mark.parametrize("longest", [mysql.LONGEST_USER, postgresql.LONGEST_ROLE])
def test_a_long_name_is_cut_and_stays_its_own(longest: int) -> None:
    usernames = {sql.username(f"{LONG}-{slot}", longest) for slot in ("registry", "offline-store")}
    assert len(usernames) == 2
    assert {len(name) for name in usernames} == {longest}


def test_a_short_name_stays_as_it_is() -> None:
    assert sql.username("mlflow-backend-store", postgresql.LONGEST_ROLE) == "mlflow-backend-store"


@pytest.mark.parametrize(
    ("components", "workloads"),
    [
        pytest.param(
            "{main: {type: postgres}, db-main: {type: postgres}}",
            f"{{train: {{namespace: risk, {IMAGE}, uses: [db-main]}}, "
            f"train-db: {{namespace: growth, {IMAGE}, uses: [main]}}}}",
            id="workloads of two teams",
        ),
        pytest.param(
            "{postgres: {}, redis: {}, seaweedfs: {}, team: {type: feast, namespace: risk}, "
            "team-offline: {type: lakefs, namespace: growth}}",
            "{}",
            id="components of two teams",
        ),
        pytest.param(
            "{lake-root: {type: postgres}, data-lake: {type: minio, namespace: storage}}",
            f"{{data: {{namespace: risk, {IMAGE}, uses: [lake-root]}}}}",
            id="a client, and the administrator of a store",
        ),
    ],
)
def test_no_two_instances_have_one_login(components: str, workloads: str) -> None:
    spec = f"{HEAD}  components: {components}\n  workloads: {workloads}\n"
    assert [error.code for error in compiled(spec.encode()).report.errors] == ["secret-clash"]


@pytest.mark.parametrize(
    ("server", "client", "codes"),
    [
        pytest.param("postgres", "pg-loader", ["invalid-database"], id="PostgreSQL's own"),
        pytest.param("cloudnative-pg", "pg-loader", ["invalid-database"], id="of any PostgreSQL"),
        pytest.param("cloudnative-pg", "cnpg-probe", ["invalid-database"], id="the operator's own"),
        pytest.param("postgres", "cnpg-probe", [], id="no operator, no role of its own"),
        pytest.param("mysql", "pg-loader", [], id="MySQL has no owners"),
    ],
)
def test_the_owner_of_a_database_is_a_role_that_its_server_takes(
    server: str, client: str, codes: list[str]
) -> None:
    workloads = f"{{{client}: {{{IMAGE}, uses: [{server}]}}}}"
    spec = f"{HEAD}  components: {{{server}: {{}}}}\n  workloads: {workloads}\n"
    assert [error.code for error in compiled(spec.encode()).report.errors] == codes


@pytest.mark.parametrize(("length", "codes"), [(57, []), (58, ["invalid-database"])])
def test_the_name_of_an_owner_is_not_cut(length: int, codes: list[str]) -> None:
    mlflow = f"{{smoke: false, database: {'d' * length}}}"
    spec = f"{HEAD}  components: {{postgres: {{}}, seaweedfs: {{}}, mlflow: {mlflow}}}\n"
    assert [error.code for error in compiled(spec.encode()).report.errors] == codes


def test_the_object_of_a_database_has_a_name_that_an_api_server_takes() -> None:
    databases = ("runs_", "runs__", "runs", "_runs")
    components = "".join(
        f", t{index}: {{type: mlflow, smoke: false, bucket: runs{index}, database: {database}}}"
        for index, database in enumerate(databases)
    )
    spec = f"{HEAD}  components: {{cloudnative-pg: {{}}, seaweedfs: {{}}{components}}}\n"
    names = [
        resource.name
        for package in compiled(spec.encode()).lowered["default"].packages.values()
        for resource in package.resources
        if resource.kind == "Database"
    ]
    assert len(set(names)) == len(databases)
    assert all(re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name) for name in names), names


def test_clients_of_a_server_with_one_key_share_its_secret() -> None:
    components = "{postgres: {}, seaweedfs: {}, lakefs: {}}"
    workloads = (
        f"{{one: {{{IMAGE}, uses: [lakefs]}}, two: {{namespace: risk, {IMAGE}, uses: [lakefs]}}}}"
    )
    spec = f"{HEAD}  components: {components}\n  workloads: {workloads}\n"
    assert not compiled(spec.encode()).report.errors
