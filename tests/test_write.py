"""Writing is owned and safe: ours alone, all or nothing, in every event."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from compiler.emit.tree import Tree
from compiler.files import open_folder
from compiler.write import STATE, SUMS
from compiler.write.output import BusyError, exclusive, interrupted
from compiler.write.plan import Plan, plan

OLD = Tree({"base/one": "1\n", "base/two": "2\n", "out/b/three": "3\n"})
NEW = Tree(
    {"base/one": "1\n", "base/two": "changed\n", "out/c/four": "4\n", "out/c/d/five": ("5", "\n")}
)


def write_tree(tree: Tree, root: Path, scope: tuple[str, ...] = ("",)) -> None:
    with exclusive(root) as output:
        output.recover()
        planned = plan(tree, output.root, scope)
        output.stage(planned, tree)
        output.seal(planned)


def recover(root: Path) -> None:
    with exclusive(root) as output:
        output.recover()


def planned(tree: Tree, root: Path) -> Plan:
    with open_folder(root) as folder:
        return plan(tree, folder)


def on_disk(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text()
        for path in sorted(root.rglob("*"))
        if path.is_file() and STATE not in path.parts and path.name != SUMS
    }


def test_a_tree_replaces_the_one_before(tmp_path: Path) -> None:
    write_tree(OLD, tmp_path)
    write_tree(NEW, tmp_path)
    assert on_disk(tmp_path) == NEW
    assert not (tmp_path / "out" / "b").exists()


def test_nothing_changed_writes_nothing(tmp_path: Path) -> None:
    write_tree(OLD, tmp_path)
    before = {tmp_path / path: (tmp_path / path).stat().st_mtime_ns for path in on_disk(tmp_path)}
    write_tree(OLD, tmp_path)
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_the_list_of_sums_is_what_sha256sum_reads(tmp_path: Path) -> None:
    write_tree(OLD, tmp_path)
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", SUMS], cwd=tmp_path, check=True)


def test_files_of_others_are_never_touched(tmp_path: Path) -> None:
    write_tree(OLD, tmp_path)
    (tmp_path / "out" / "b" / "mine").write_text("mine\n")
    write_tree(NEW, tmp_path)
    assert on_disk(tmp_path) == {**NEW, "out/b/mine": "mine\n"}


def test_files_of_others_among_the_output_are_named_one_by_one(tmp_path: Path) -> None:
    """A delivery of the folder would deliver them too."""
    write_tree(OLD, tmp_path)
    for path in ("base/x/evil.yaml", "out/b/99-evil.yaml", "overlays/b/kustomization.yml", "mine",
                 "overlays/mine/a.yaml"):  # fmt: skip
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("kind: Deployment\n")
    (tmp_path / "out" / "b" / "link.yaml").symlink_to("/etc/hostname")
    assert planned(OLD, tmp_path).stray == (
        "base/x/evil.yaml", "out/b/99-evil.yaml", "out/b/link.yaml", "overlays/b/kustomization.yml", "overlays/mine/a.yaml",
    )  # fmt: skip


def test_an_edited_file_and_a_foreign_one_block_the_write(tmp_path: Path) -> None:
    write_tree(OLD, tmp_path)
    (tmp_path / "base" / "two").write_text("edited\n")
    (tmp_path / "out" / "b" / "three").write_text("edited\n")
    (tmp_path / "out" / "c").mkdir()
    (tmp_path / "out" / "c" / "four").write_text("foreign\n")
    actual = planned(NEW, tmp_path)
    assert actual.edited == ("base/two", "out/b/three")
    assert actual.foreign == ("out/c/four",)
    assert actual.blocked


def test_a_foreign_file_with_the_same_text_is_adopted(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "one").write_text("1\n")
    assert not planned(OLD, tmp_path).blocked


def test_a_missing_file_is_written_again(tmp_path: Path) -> None:
    write_tree(OLD, tmp_path)
    (tmp_path / "base" / "one").unlink()
    assert planned(OLD, tmp_path).write == ("base/one",)
    write_tree(OLD, tmp_path)
    assert on_disk(tmp_path) == OLD


def test_files_outside_the_scope_stay(tmp_path: Path) -> None:
    write_tree(OLD, tmp_path)
    part = Tree({"out/c/four": "4\n"})
    write_tree(part, tmp_path, ("out/c/",))
    assert on_disk(tmp_path) == {**OLD, **part}


def test_a_list_of_sums_that_points_elsewhere_is_not_believed(tmp_path: Path) -> None:
    root = tmp_path / "out"
    root.mkdir()
    victim = tmp_path / "victim"
    victim.write_text("x\n")
    sum = sha256(b"x\n").hexdigest()
    (root / SUMS).write_text(f"{sum}  ../victim\n{sum}  {victim}\n")
    write_tree(OLD, root)
    assert victim.read_text() == "x\n"


@pytest.mark.parametrize("path", ["important.txt", ".git/hooks/pre-commit", "base/../x", "/etc/x",
                                  "base", "base/.hidden", "base//x", "platformc.sum"])  # fmt: skip
def test_a_list_of_sums_gives_no_right_to_other_paths(tmp_path: Path, path: str) -> None:
    write_tree(OLD, tmp_path)
    with (tmp_path / SUMS).open("a") as sums:
        sums.write(f"{sha256(b'x').hexdigest()}  {path}\n")
    assert planned(OLD, tmp_path).remove == ()


def test_what_is_removed_has_the_digest_that_it_had_when_it_was_written(tmp_path: Path) -> None:
    write_tree(OLD, tmp_path)
    (tmp_path / "out" / "b" / "three").write_text("mine now\n")
    actual = planned(Tree({"base/one": "1\n", "base/two": "2\n"}), tmp_path)
    assert actual.edited == ("out/b/three",)
    assert actual.blocked


def test_a_link_in_the_tree_is_not_followed(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    (root / "base").symlink_to(elsewhere)
    with pytest.raises(OSError, match="symbolic link"):
        write_tree(OLD, root)
    assert not list(elsewhere.iterdir())


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_file_is_somebody_elses(tmp_path: Path, kind: str) -> None:
    write_tree(OLD, tmp_path)
    link = tmp_path / "base" / "one"
    link.unlink()
    match kind:
        case "link":
            link.symlink_to("/etc/hostname")
        case "pipe":
            os.mkfifo(link)
        case _:
            link.mkdir()
    assert planned(OLD, tmp_path).edited == ("base/one",)


def _killed_at(call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop at the n-th change of the file system, as a kill would."""
    count = 0

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def run(*args: object, **kwargs: object) -> object:
            nonlocal count
            count += 1
            if count == call:
                raise KeyboardInterrupt
            return real(*args, **kwargs)

        return run

    for name in ("replace", "unlink", "mkdir", "open", "rmdir", "write"):
        monkeypatch.setattr(os, name, counted(getattr(os, name)))


@pytest.mark.parametrize("call", range(1, 240, 3))
def test_a_kill_at_any_step_leaves_the_old_tree_or_the_new(
    call: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(OLD, tmp_path)
    with monkeypatch.context() as patch:
        _killed_at(call, patch)
        try:
            write_tree(NEW, tmp_path)
            finished = True
        except KeyboardInterrupt:
            finished = False
    if not finished:
        recover(tmp_path)
    with open_folder(tmp_path) as folder:
        assert not interrupted(folder)
    assert on_disk(tmp_path) in (OLD, NEW)
    assert not planned(Tree(on_disk(tmp_path)), tmp_path).blocked
    write_tree(NEW, tmp_path)
    assert on_disk(tmp_path) == NEW


SPEC = "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {{name: {0}}}\nspec: {{components: {{seaweedfs: {{}}, postgres: {{}}, mlflow: {{}}}}}}\n"


def _compile(folder: Path, name: str) -> subprocess.Popen[bytes]:
    spec = folder / f"{name}.yaml"
    spec.write_text(SPEC.format(name))
    return subprocess.Popen(
        [sys.executable, "-m", "compiler", "compile", "-f", str(spec), "-o", str(folder / "out")],
        stderr=subprocess.PIPE,
    )


def test_a_killed_compiler_loses_nothing(tmp_path: Path) -> None:
    """The real program, killed by the kernel at different moments."""
    assert _compile(tmp_path, "first").wait() == 0
    trees = {"first": on_disk(tmp_path / "out")}
    assert _compile(tmp_path, "second").wait() == 0
    trees["second"] = on_disk(tmp_path / "out")
    assert _compile(tmp_path, "first").wait() == 0
    for delay in (0.15, 0.2, 0.25, 0.3, 0.35):
        running = _compile(tmp_path, "second")
        time.sleep(delay)
        running.send_signal(signal.SIGKILL)
        running.wait()
        recover(tmp_path / "out")
        assert on_disk(tmp_path / "out") in trees.values()


def test_two_compilers_at_once_do_not_mix(tmp_path: Path) -> None:
    running = [_compile(tmp_path, name) for name in ("one", "two", "three")]
    statuses = [process.wait() for process in running]
    assert set(statuses) <= {0, 2}
    assert 0 in statuses
    labels = {
        line.split(":")[1].strip()
        for text in on_disk(tmp_path / "out").values()
        for line in text.splitlines()
        if "app.kubernetes.io/part-of:" in line
    }
    assert len(labels) == 1


def test_a_second_writer_is_told_to_wait(tmp_path: Path) -> None:
    with exclusive(tmp_path), pytest.raises(BusyError), exclusive(tmp_path):
        pass


def test_the_files_are_readable_by_others(tmp_path: Path) -> None:
    umask = os.umask(0o022)
    try:
        write_tree(OLD, tmp_path)
    finally:
        os.umask(umask)
    assert (tmp_path / "base" / "one").stat().st_mode & 0o777 == 0o644
