"""Names of users: each server keeps so many characters, and no two instances have one login."""

from __future__ import annotations

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


def test_clients_of_a_server_with_one_key_share_its_secret() -> None:
    components = "{postgres: {}, seaweedfs: {}, lakefs: {}}"
    workloads = (
        f"{{one: {{{IMAGE}, uses: [lakefs]}}, two: {{namespace: risk, {IMAGE}, uses: [lakefs]}}}}"
    )
    spec = f"{HEAD}  components: {components}\n  workloads: {workloads}\n"
    assert not compiled(spec.encode()).report.errors
