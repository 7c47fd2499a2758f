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
    (folder / "backup").mkdir(exist_ok=True)
    (folder / "origin").touch()
    for path, here in {"/tmp/": "", "/backup": "backup", "/etc/platformc/origin": "origin"}.items():
        text = text.replace(path, f"{folder}/{here}")
    return subprocess.run(
        ["sh", "-eu", "-c", text],
        env={"PATH": f"{folder}:/usr/bin:/bin", "BACKUP_KEY": "key", "KEEP_DAYS": "7"},
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


OLD, NEWEST = "20200101T000000Z", "20991231T000000Z"


@pytest.mark.parametrize(
    ("instance", "name", "folders"),
    [
        ("postgres", "upload.sh", ("safe:/{0}",)),
        ("seaweedfs", "copy-buckets.sh", ("safe:/contents/{0}", "safe:/replaced/{0}")),
    ],
)
@pytest.mark.parametrize(
    ("complete", "deleted"), [(OLD, 1), (f"{OLD}\n20991230T000000Z", 1), ("", 0)]
)
def test_what_a_copy_that_broke_off_has_left_is_deleted_after_its_time(
    instance: str, name: str, folders: tuple[str, ...], complete: str, deleted: int, tmp_path: Path
) -> None:
    """A backup that fails each night would otherwise fill the store."""
    broken_off = "20200202T000000Z"
    rclone = (
        f'case "$*" in *complete) printf "%s\\n" {complete.replace(chr(10), " ")} {NEWEST} ;;\n'
        f'  *--dirs-only*) printf "%s\\n" complete/ current/ {OLD}/ {broken_off}/ {NEWEST}/ ;;\n'
        '  *replaced/2020*) exit 3 ;; esac'
    )  # fmt: skip
    (tmp_path / "backup" / "20991231T000000Z").mkdir(parents=True)
    (tmp_path / "backup" / "20991231T000000Z" / "SHA256SUMS").write_text("sums")
    process = run(script(instance, name), rclone, tmp_path)
    assert process.returncode == 0, process.stderr
    calls = (tmp_path / "calls").read_text().splitlines()
    purged = [call.removeprefix("purge ") for call in calls if call.startswith("purge ")]
    assert purged == [folder.format(time) for time in (OLD, broken_off) for folder in folders]
    assert calls.count(f"deletefile safe:/complete/{OLD}") == deleted
    assert sum(call.startswith("deletefile ") for call in calls) == deleted
