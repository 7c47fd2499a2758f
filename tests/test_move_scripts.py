"""The scripts of moves, with stand-ins for the programs that they call."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from test_move import HEAD, compiled

from compiler.pipeline import compile as compile_spec


@pytest.mark.parametrize("old", ["minio", "ceph", "postgres", "mysql", "tables", "redis"])
def test_scripts_are_shell(old: str) -> None:
    (config,) = compiled(old).packages["move"].configs
    for name, script in config.files.items():
        if name.endswith(".sh"):
            process = subprocess.run(
                ["sh", "-n"], input=script, capture_output=True, text=True, check=False
            )
            assert process.returncode == 0, process.stderr


@pytest.mark.parametrize("freeze", ["", "yes"])
def test_a_list_that_breaks_off_ends_the_copy(freeze: str, tmp_path: Path) -> None:
    """An empty list in place of a whole one would let objects of others be deleted."""
    (config,) = compiled("minio").packages["move"].configs
    script = config.files["move.sh"].replace("/tmp/", f"{tmp_path}/")
    rclone = tmp_path / "rclone"
    rclone.write_text(f'#!/bin/sh\necho "$1" >>{tmp_path}/calls\n[ "$1" != lsf ]\n')
    rclone.chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin"
    process = subprocess.run(
        ["sh", "-c", script], env={"PATH": path, "FREEZE": freeze}, capture_output=True, check=False
    )
    assert process.returncode != 0
    assert (tmp_path / "calls").read_text().split() == ["lsf"]


@pytest.mark.parametrize(("refusals", "ended"), [(2, 0), (60, 1)])
def test_the_copy_waits_for_rights_that_an_operator_gives(
    refusals: int, ended: int, tmp_path: Path
) -> None:
    """For five minutes: a store that is away, or a wrong key, ends it."""
    (config,) = compiled("ceph").packages["move"].configs
    for name, script in {
        "rclone": f"echo $* >>{tmp_path}/calls; [ $(wc -l <{tmp_path}/calls) -gt {refusals} ] || {{ echo AccessDenied >&2; exit 1; }}",
        "sleep": f"echo $* >>{tmp_path}/slept",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    process = subprocess.run(
        ["sh", "-c", config.files["move.sh"].replace("/tmp/", f"{tmp_path}/")],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls[: refusals + 1 - ended] == ["lsf --max-depth 1 from:training"] * (
        refusals + 1 - ended
    )
    assert process.stdout.count("waiting for the rights in from:training") == 1
    assert process.returncode == ended, process.stderr
    assert ("AccessDenied" in process.stderr) == bool(ended)
    assert sum(map(int, (tmp_path / "slept").read_text().split())) == 5 * (refusals - ended)


@pytest.mark.parametrize("clients", ["mlflow: {}", "redis: {}"])
def test_an_archive_that_never_stands_still_is_copied_and_not_compared(
    clients: str, tmp_path: Path
) -> None:
    """CloudNativePG archives its log while its clients are stopped."""
    spec = (
        f"{HEAD}  move: {{from: minio, to: seaweedfs, cutOver: true}}\n"
        f"  components: {{minio: {{}}, seaweedfs: {{}}, cloudnative-pg: {{backup: {{}}}}, {clients}}}\n"
    )
    result = compile_spec(spec.encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    (config,) = result.lowered[None].packages["move"].configs
    rclone = tmp_path / "rclone"
    rclone.write_text(f"#!/bin/sh\necho $* >>{tmp_path}/calls\n")
    rclone.chmod(0o755)
    process = subprocess.run(
        ["sh", "-c", config.files["move.sh"].replace("/tmp/", f"{tmp_path}/")],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "FREEZE": "yes"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    calls = (tmp_path / "calls").read_text().splitlines()
    (of_archive,) = (call for call in calls if "cloudnative-pg-backups" in call)
    assert of_archive.startswith("copy ")
    assert ("check from:mlflow to:mlflow" in calls) == ("mlflow" in clients)


# Of MySQL's own programs: which server was asked for what. The old one holds a table, the new one none. The call with
# the number FAILS gets no answer.
MYSQL = """#!/bin/sh
words="$MYSQL_HOST $(cat "$HOME/.my.cnf") $(basename "$0") $*"
printf '%s\\n' "$words" | tr '\\n' ' ' >>CALLS
echo >>CALLS
[ "$(wc -l <CALLS)" != "${FAILS:-}" ] || exit 1
case "$(basename "$0") $*" in
  mysqldump*) echo "INSERT INTO \\`runs\\` VALUES (1);" ;;
  *VERSION*) echo 8.4.7 ;;
  *SCHEMATA_EXTENSIONS*) echo 1 ;;
  mysql*--user=*training*) cat >/dev/null ;;
esac
"""


def moved(folder: Path, **variables: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Runs the move of a MySQL, whose databases take no writes meanwhile; and its calls."""
    (config,) = compiled("tables").packages["move"].configs
    (folder / "backup").mkdir(parents=True)
    for name, script in config.files.items():
        for path, here in {"/tmp/": "", "/etc/platformc/": "", "/backup/": "backup/"}.items():
            script = script.replace(path, f"{folder}/{here}")
        (folder / name).write_text(script)
    for name in ("mysql", "mysqldump"):
        (folder / name).write_text(MYSQL.replace("CALLS", f"{folder}/calls"))
        (folder / name).chmod(0o755)
    env = {
        "PATH": f"{folder}:/usr/bin:/bin", "HOME": str(folder), "FREEZE": "yes", **variables,
        **{f"{key}_{side}_TRAINING": "x" for key in ("USER", "PASSWORD") for side in ("FROM", "TO")},
    }  # fmt: skip
    process = subprocess.run(
        ["sh", str(folder / "move.sh")], env=env, capture_output=True, text=True, check=False
    )
    return process, (folder / "calls").read_text().splitlines()


def test_a_mysql_takes_no_writes_before_the_rest_is_copied(tmp_path: Path) -> None:
    """A server of 8.0.22 or newer, which no live test has."""
    process, calls = moved(tmp_path)
    assert process.returncode == 0, process.stderr
    frozen, thawed, copied = (
        next(n for n, line in enumerate(calls) if line.startswith(host) and words in line)
        for host, words in (
            ("tables.mlops.", "READ ONLY = 1"), ("tables.example.com", "READ ONLY = 0"), ("tables.mlops.", "mysqldump"),
        )
    )  # fmt: skip
    assert thawed < frozen < copied
    assert all(("ssl-mode=REQUIRED" in line) == ("example.com" in line) for line in calls)


def test_a_question_that_a_mysql_does_not_answer_ends_the_move(tmp_path: Path) -> None:
    """Without an answer, a server would pass for an empty one, or for one that still takes writes."""
    _, calls = moved(tmp_path / "whole")
    # The first two wait for the servers; and what was not emptied differs from the original at the end.
    questions = [
        number
        for number, call in enumerate(calls, 1)
        if "=SELECT" in call and number > 2 and "'DROP '" not in call
    ]
    assert len(questions) > 10
    for number in questions:
        process, made = moved(tmp_path / str(number), FAILS=str(number))
        assert process.returncode != 0, made[number - 1]
        assert len(made) == number, made
