"""MySQL's Job: its statements for the server, for every value of a Secret, and when it repeats them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support.scenarios import compiled

from compiler import pipeline
from compiler.interfaces.mysql import LONGEST_USER
from compiler.interfaces.sql import username

FAKE = """\
#!/bin/sh
case "$*" in
  *--execute*)
    if [ -e "$STATE/up" ]; then exit 0; fi
    touch "$STATE/up"; echo "Can't connect to MySQL server" >&2; exit 1 ;;
  *) cat >>"$STATE/sql" ;;
esac
"""


def run(folder: Path, **env: str) -> str:
    """The Job's script against a server that comes up late; its input, as one text."""
    (folder / "mysql").write_text(FAKE)
    (folder / "mysql").chmod(0o755)
    script = compiled("mysql").tree()["base/mysql/mysql-ensure/ensure.sh"]
    script = script.replace("sleep 2", ":").replace(
        "/tmp/error", str(folder / "error")
    )  # the pod's
    variables = {
        **os.environ,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "STATE": str(folder),
        **env,
    }
    process = subprocess.run(
        ["bash", "-c", script], env=variables, capture_output=True, text=True, timeout=30
    )
    assert process.returncode == 0, process.stderr
    assert env["PASSWORD_NIGHTLY_REPORT_MYSQL"] not in process.stdout + process.stderr
    return (folder / "sql").read_text()


def test_it_waits_for_the_server_and_may_run_again(tmp_path: Path) -> None:
    env = {
        "USER_NIGHTLY_REPORT_MYSQL": "nightly-report-mysql",
        "PASSWORD_NIGHTLY_REPORT_MYSQL": "correct-horse",
    }
    once = run(tmp_path, **env)
    assert "CREATE DATABASE IF NOT EXISTS `nightly_report`;" in once
    assert "ALTER USER 'nightly-report-mysql'@'%' IDENTIFIED WITH caching_sha2_password" in once
    assert "GRANT ALL PRIVILEGES ON `nightly\\_report`.* TO 'nightly-report-mysql'@'%';" in once
    # `platformc diff` prints the command that locks a user whose consumer has left, and it may return.
    assert all(
        statement.endswith(" ACCOUNT UNLOCK;")
        for statement in once.splitlines()
        if statement.startswith("ALTER USER")
    )
    assert run(tmp_path, **env) == once * 2


def test_no_secret_can_end_its_string(tmp_path: Path) -> None:
    output = run(
        tmp_path,
        USER_NIGHTLY_REPORT_MYSQL="o'brien",
        PASSWORD_NIGHTLY_REPORT_MYSQL="back\\slash'; DROP DATABASE x; --",
    )
    assert "'o\\'brien'@'%'" in output
    assert "BY 'back\\\\slash\\'; DROP DATABASE x; --';" in output


def test_a_long_name_stays_within_what_mysql_takes_and_stays_unique() -> None:
    name = "a-consumer-with-a-long-name-indeed-metadata"
    assert len(username(name, LONGEST_USER)) == LONGEST_USER
    assert username(name, LONGEST_USER) != username(name[:-1], LONGEST_USER)
    assert username("short-metadata", LONGEST_USER) == "short-metadata"


@pytest.mark.parametrize(
    ("client", "server", "words"),
    [
        ("mlflow", "mysql", "`mysql` cannot serve it: `mlflow` speaks `postgresql` alone"),
        ("kubeflow-pipelines", "postgres", "`postgres` cannot serve it: `kubeflow-pipelines` speaks `mysql` alone"),
    ],
)  # fmt: skip
def test_a_server_of_another_kind_is_named_as_no_substitute(
    client: str, server: str, words: str
) -> None:
    text = (
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: kinds}\nspec:\n"
        f"  components:\n    {server}: {{}}\n    seaweedfs: {{}}\n    {client}: {{}}\n"
    )
    report = pipeline.compile(text.encode(), "platform.yaml").report
    helps = [
        str(diagnostic.help)
        for diagnostic in report.sorted()
        if diagnostic.code == "unbound-requirement"
    ]
    assert any(words in help for help in helps), helps
