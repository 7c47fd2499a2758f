"""The scripts that read and delete copies, with a stand-in for rclone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.scenarios import compiled

LISTS = {"complete": "20261127T020000Z", "replaced": "20261129T020000Z/"}


def script(instance: str, name: str) -> str:
    (config,) = (
        config
        for config in compiled("backup").lowered["default"].packages[instance].configs
        if name in config.files
    )
    return config.files[name].replace(". /etc/platformc/origin.sh", "")


def run(text: str, rclone: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a script in a folder, in which the calls of the stand-in are the lines of `calls`."""
    (folder / "rclone").write_text(f'#!/bin/sh\necho "$*" >>{folder}/calls\n{rclone}\n')
    (folder / "rclone").chmod(0o755)
    (folder / "backup").mkdir()
    text = text.replace("/tmp/", f"{folder}/").replace("/backup", f"{folder}/backup")
    return subprocess.run(
        ["sh", "-eu", "-c", text],
        env={"PATH": f"{folder}:/usr/bin:/bin", "BACKUP_KEY": "key"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("instance", "name", "broken"),
    [
        ("postgres", "fetch.sh", "complete"),
        ("seaweedfs", "copied-buckets.sh", "complete"),
        ("seaweedfs", "copied-buckets.sh", "replaced"),
    ],
)
def test_a_list_of_copies_that_breaks_off_ends_a_restore(
    instance: str, name: str, broken: str, tmp_path: Path
) -> None:
    """The rest of the list would lead to an older copy, or to objects of another time."""
    rclone = "\n".join(
        f'case "$*" in lsf*/{folder}) echo {line}; exit {5 if folder == broken else 0} ;; esac'
        for folder, line in LISTS.items()
    )
    process = run(script(instance, name), rclone, tmp_path)
    assert process.returncode != 0
    assert "complete copy" not in process.stderr
    assert (tmp_path / "calls").read_text().splitlines()[-1].endswith(f"/{broken}")


@pytest.mark.parametrize(("status", "ends"), [(0, False), (3, False), (1, True), (5, True)])
def test_an_earlier_state_needs_every_object_that_was_put_aside(
    status: int, ends: bool, tmp_path: Path
) -> None:
    """One that is of the same size passes for the present one; 3 says that nothing was put aside."""
    functions, _, _ = script("seaweedfs", "copied-buckets.sh").partition("at=${AT")
    (tmp_path / "later").write_text("20261129T020000Z\n20261128T020000Z\n")
    process = run(
        f"{functions}\nput_together mlflow /tmp/paths source:mlflow",
        f'case "$*" in *replaced/20261129*) echo "no answer" >&2; exit {status} ;; esac',
        tmp_path,
    )
    assert (process.returncode != 0) == ends
    assert ("no answer" in process.stderr) == ends
    assert ("20261128" in (tmp_path / "calls").read_text()) != ends
