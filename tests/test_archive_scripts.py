"""The small scripts of the drill of an archive: how a log ends, and the end of an archive.

The drill itself runs on real programs, in tests/live/test_archive_drill.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.scenarios import compiled

LOG = "archive/wals/0000000100000000"
FILE = "000000010000000000000007"
# A store that answers in two pages.
BOTO3 = """
import json, os
class Store:
    def get_paginator(self, operation):
        assert operation == "list_objects_v2"
        return self
    def paginate(self, Bucket, Prefix):
        keys = [key for key in json.loads(os.environ["KEYS"]) if key.startswith(Prefix)]
        return [{}, {"Contents": [{"Key": key} for key in keys[:2]]}, {"Contents": [{"Key": key} for key in keys[2:]]}]
def client(name, endpoint_url):
    return Store()
"""


def script(name: str, folder: Path) -> Path:
    """A script of the scenario `lean`, whose paths are folders of this test."""
    package = compiled("lean").lowered["default"].packages["cloudnative-pg"]
    (config,) = [files for files in package.configs if files.name == "cloudnative-pg-drill"]
    path = folder / name
    path.write_text(config.files[name].replace("/restored", str(folder)), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("status", "answer"), [(0, 0), (1, 1), (2, 200), (3, 200), (4, 200), (127, 200), (137, 200)]
)
def test_only_a_file_that_is_not_there_ends_the_log(
    status: int, answer: int, tmp_path: Path
) -> None:
    """PostgreSQL takes a status up to 125 for the end of the log, and stops at a higher one."""
    program = tmp_path / "barman-cloud-wal-restore"
    program.write_text(f"#!/bin/sh\nexit {status}\n")
    program.chmod(0o755)
    process = subprocess.run(
        ["sh", script("fetch-wal.sh", tmp_path), FILE, "pg_wal/RECOVERYXLOG"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == answer
    fetched = tmp_path / "fetched"
    assert (fetched.read_text().split() if fetched.exists() else []) == [FILE] * (status == 0)
    assert ("cannot be fetched" in process.stderr) == (answer == 200)


def end_of_archive(backups: list[dict[str, str]], keys: list[str], folder: Path) -> str:
    (folder / "boto3.py").write_text(BOTO3)
    environment = {"KEYS": json.dumps(keys), "PYTHONPATH": str(folder), "AWS_ENDPOINT_URL_S3": "x"}
    process = subprocess.run(
        [sys.executable, script("newest.py", folder), "bucket", "archive"],
        input=json.dumps({"backups_list": backups}), env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    return process.stdout.strip()


def backup(name: str, status: str, end: str) -> dict[str, str]:
    return {"backup_id": name, "status": status, "end_time_iso": end}


def test_the_newest_base_backup_is_the_last_one_that_is_complete(tmp_path: Path) -> None:
    backups = [
        backup("b", "DONE", "2026-11-28T02:30:00+00:00"),
        backup("a", "DONE", "2026-11-27T02:30:00+00:00"),
        backup("c", "FAILED", "2026-11-29T02:30:00+00:00"),
        {"backup_id": "d", "status": "STARTED"},
    ]
    assert end_of_archive(backups, [f"{LOG}/{FILE}.gz"], tmp_path) == f"b 1795833000 {FILE}"
    assert end_of_archive(backups[2:], [], tmp_path) == ""


def test_a_time_without_a_zone_is_in_utc(tmp_path: Path) -> None:
    older = {"backup_id": "a", "status": "DONE", "end_time": "Sat Nov 28 02:30:00 2026"}
    assert end_of_archive([older], [], tmp_path) == "a 1795833000 none"


def test_the_log_ends_with_the_last_whole_file_of_the_newest_timeline(tmp_path: Path) -> None:
    keys = [
        f"{LOG}/0000000100000000000000FF.gz",
        "archive/wals/0000000200000001/000000020000000100000002",
        "archive/wals/0000000200000001/000000020000000100000003.partial",
        "archive/wals/0000000200000001/000000020000000100000002.00000028.backup.gz",
        "archive/wals/00000003.history",
        "archive-2/wals/0000000900000000/000000090000000000000001.gz",
        "archive/base/20261128T020000/data.tar.gz",
    ]
    done = [backup("a", "DONE", "2026-11-28T02:30:00+00:00")]
    assert end_of_archive(done, keys, tmp_path) == "a 1795833000 000000020000000100000002"
