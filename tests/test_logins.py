"""Names of users: each server keeps so many characters, and two that are cut stay two."""

from __future__ import annotations

import pytest

from compiler.interfaces import mysql, postgresql, sql

LONG = "-".join(["training"] * 10)


@pytest.mark.parametrize("longest", [mysql.LONGEST_USER, postgresql.LONGEST_ROLE])
def test_a_long_name_is_cut_and_stays_its_own(longest: int) -> None:
    usernames = {sql.username(f"{LONG}-{slot}", longest) for slot in ("registry", "offline-store")}
    assert len(usernames) == 2
    assert {len(name) for name in usernames} == {longest}


def test_a_short_name_stays_as_it_is() -> None:
    assert sql.username("mlflow-backend-store", postgresql.LONGEST_ROLE) == "mlflow-backend-store"
