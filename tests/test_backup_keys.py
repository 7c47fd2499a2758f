"""What the scripts that read copies say when there is no copy that they can read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.scenarios import compiled

ANOTHER_KEY = "is not the one of its copies"


def said(instance: str, script: str, names: str, tmp_path: Path) -> str:
    """The messages of a script to which rclone names the folders of the bucket so."""
    (config,) = (
        config
        for config in compiled("backup").lowered["default"].packages[instance].configs
        if script in config.files
    )
    text = config.files[script].replace("/tmp/", f"{tmp_path}/")
    program = f'[ "$1 $2" = "lsf safe:" ] && printf "{names}"; [ "$1 $2" = "lsf copies:{instance}-backups" ] && echo x7f/'
    (tmp_path / "rclone").write_text(f"#!/bin/sh\n{program}\nexit 0\n")
    (tmp_path / "rclone").chmod(0o755)
    process = subprocess.run(
        ["sh", "-e", "-c", text.replace(". /etc/platformc/origin.sh", "")],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "BACKUP_KEY": "another"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 1, process.stderr
    assert "there is no complete copy before" in process.stderr
    return process.stderr


@pytest.mark.parametrize(
    ("instance", "script", "names", "another"),
    [
        ("postgres", "fetch.sh", "", True),
        # The padding of about one name of 256 fits another key by chance.
        ("postgres", "fetch.sh", r"\003Kq/\n", True),
        ("postgres", "fetch.sh", r"complete/\n20261128T020000Z/\n", False),
        # The first copy broke off.
        ("postgres", "fetch.sh", r"20261128T020000Z/\n", False),
        ("seaweedfs", "copied-buckets.sh", "", True),
        ("seaweedfs", "copied-buckets.sh", r"\003Kq/\n", True),
        ("seaweedfs", "copied-buckets.sh", r"complete/\ncurrent/\n", False),
        ("seaweedfs", "copied-buckets.sh", r"current/\n", False),
    ],
)
def test_a_key_that_is_not_the_copies_is_named(
    instance: str, script: str, names: str, another: bool, tmp_path: Path
) -> None:
    assert (ANOTHER_KEY in said(instance, script, names, tmp_path)) == another
