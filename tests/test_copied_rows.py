"""The shell functions that describe the content of a dump, with stand-ins for its programs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from compiler.interfaces import mysql, postgresql

ROWS = {"first": "1\\ta", "like a statement": "COPY public.other (id) FROM stdin;", "last": "3\\tc"}


def shell(script: str, commands: str, **programs: str) -> subprocess.CompletedProcess[str]:
    """Run commands after a script, with shell functions as its programs."""
    functions = "".join(f"{name}() {{ {body}; }}\n" for name, body in programs.items())
    return subprocess.run(
        ["sh", "-euc", f"{script}\n{functions}{commands}"],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def of_postgres(rows: list[str]) -> list[str]:
    """The lines that `contents` prints of a dump with these rows in one table, and two in another."""
    lines = [
        "SET x = 1;", "COPY public.kept (id, name) FROM stdin;", *rows, "\\\\.",
        "COPY public.two (id) FROM stdin;", "1", "2", "\\\\.", "SELECT setval('s', 3);",
    ]  # fmt: skip
    text = " ".join(f"'{line}'" for line in lines)
    process = shell(postgresql.contents_script(), "contents", pg_restore=f"printf '%b\\n' {text}")
    assert process.returncode == 0, process.stderr
    return process.stdout.splitlines()


def test_rows_are_counted_by_table_and_digested_in_their_order() -> None:
    *counts, digest = of_postgres([*ROWS.values()])
    assert [line.split() for line in counts] == [["3", "public.kept"], ["2", "public.two"]]
    assert digest.endswith(" in order")
    assert of_postgres([*ROWS.values()])[-1] == digest
    assert of_postgres([*reversed(ROWS.values())])[-1] != digest


@pytest.mark.parametrize("changed", ROWS)
def test_each_changed_row_changes_the_digest(changed: str) -> None:
    changed_rows = [f"{row}x" if name == changed else row for name, row in ROWS.items()]
    assert of_postgres(changed_rows)[-1] != of_postgres([*ROWS.values()])[-1]


def test_the_digest_of_a_mysql_is_of_the_lines_that_match() -> None:
    def contents(pattern: str, *lines: str) -> list[str]:
        text = " ".join(f"'{line}'" for line in lines)
        process = shell(mysql.contents_script(), f"printf '%s\\n' {text} | contents {pattern}")
        return process.stdout.splitlines()

    row, comment = "INSERT INTO `kept` VALUES (1);", "CREATE TABLE `kept` (id int);"
    assert contents("", comment, row)[0] == "1 `kept`"
    assert contents("", comment, row)[1] != contents("", row)[1]
    assert contents("'^INSERT INTO '", comment, row) == contents("'^INSERT INTO '", row)


LOGIN = "MYSQL_HOST=h MYSQL_TCP_PORT=1 MYSQL_USER=u;"


@pytest.mark.parametrize(
    ("login", "status", "complete"), [(LOGIN, 0, True), (LOGIN, 2, False), ("", 0, False)]
)
def test_a_dump_that_fails_ends_the_copy(
    login: str, status: int, complete: bool, tmp_path: Path
) -> None:
    """A pipe has the status of its last command alone, also where the shell itself ends in the first."""
    process = shell(
        mysql.contents_script(), f"{login} compressed {tmp_path}/a.sql.gz kept; echo went on",
        mysqldump=f"echo 'INSERT INTO x'; return {status}",
    )  # fmt: skip
    assert (process.returncode == 0) == complete == ("went on" in process.stdout), process.stderr
    assert ("broke off" in process.stderr) != complete
