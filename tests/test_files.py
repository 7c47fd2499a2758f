"""One module touches the disk, and it follows no link, reads no device and writes through nothing."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.paths import ROOT

from compiler.files import UnsafePathError, open_folder, private, read_named

COMPILER = ROOT / "compiler"
# Methods of paths, and functions of modules, that touch the disk.
METHODS = {
    "read_text", "read_bytes", "write_text", "write_bytes", "unlink", "mkdir", "rmdir", "touch", "chmod",
    "exists", "is_file", "is_dir", "is_symlink", "stat", "lstat", "iterdir", "glob", "rglob", "walk",
    "resolve", "rename", "symlink_to", "hardlink_to", "readlink", "samefile", "expanduser",
}  # fmt: skip
MODULES = {"shutil", "tempfile", "glob", "mmap"}
OF_OS = {"environ", "cpu_count", "fork", "pipe", "close", "waitpid", "nice", "_exit", "dup2", "devnull",
         "fspath", "fsencode", "fsdecode", "urandom", "geteuid", "pardir", "getpid", "sep", "fdopen"}  # fmt: skip
OF_PATH = {"join", "dirname", "basename", "relpath", "normpath", "commonpath", "isabs", "splitext"}


def touches(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Where a module touches the disk, as far as its text says."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
            if module in MODULES:
                yield node.lineno, str(module)
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            name = called.rpartition(".")[2]
            if (
                called == "open"
                or (name in METHODS and isinstance(node.func, ast.Attribute))
                or (called.startswith("os.path.") and name not in OF_PATH)
                or (
                    called.startswith("os.")
                    and not called.startswith("os.path.")
                    and name not in OF_OS
                    and not called.startswith("os.environ.")
                )
            ):
                yield node.lineno, called


# Similar names of others: a method of the same name, or a pipe of this process.
NAMESAKES = {
    ("cli.py", "open"), ("cli.py", "os.open"), ("parallel.py", "open"),
}  # fmt: skip


def test_nothing_else_touches_the_disk() -> None:
    actual = {
        (str(path.relative_to(COMPILER)), call): line
        for path in COMPILER.rglob("*.py")
        if COMPILER / "files" not in path.parents
        for line, call in touches(ast.parse(path.read_text()))
    }
    assert {key: line for key, line in actual.items() if key not in NAMESAKES} == {}


def test_the_search_sees_what_it_should() -> None:
    text = "import os, shutil\nopen('x')\nos.stat('x')\nos.path.exists('x')\npath.read_text()\n"
    assert [line for line, _ in touches(ast.parse(text))] == [2, 3, 4, 5]
    assert list(touches(ast.parse("import shutil\n"))) == [(1, "shutil")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder, and next to it a file that no path below the folder may reach."""
    (tmp_path / "root").mkdir()
    (tmp_path / "victim").write_text("precious")
    return tmp_path / "root"


@pytest.mark.parametrize(
    "path", ["../victim", "a/../../victim", "/etc/hostname", "", ".", "a//b", "a\0b"]
)
def test_a_path_leads_down(root: Path, path: str) -> None:
    (root / "a").mkdir()
    with open_folder(root) as folder:
        for act in (
            folder.read,
            folder.remove,
            lambda candidate: folder.create(candidate, [b"x"]),
        ):
            with pytest.raises(UnsafePathError):
                act(path)
    assert (root.parent / "victim").read_text() == "precious"


def test_no_link_is_followed(root: Path) -> None:
    (root / "file").symlink_to(root.parent / "victim")
    (root / "folder").symlink_to(root.parent)
    with open_folder(root) as folder:
        for path in ("file", "folder/victim"):
            with pytest.raises(UnsafePathError, match="symbolic link"):
                folder.read(path)
        with pytest.raises(UnsafePathError):
            folder.create("folder/new", [b"x"])
        folder.replace("file", b"mine")
        assert list(folder.listed("")) == ["file", "folder"]
    assert (root / "file").read_text() == "mine"
    assert not (root / "file").is_symlink()
    assert (root.parent / "victim").read_text() == "precious"
    assert not (root.parent / "new").exists()


def test_a_hard_link_is_replaced_not_written_through(root: Path) -> None:
    os.link(root.parent / "victim", root / "file")
    with open_folder(root) as folder:
        folder.replace("file", b"mine")
    assert (root.parent / "victim").read_text() == "precious"


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_only_regular_files_are_read(root: Path, kind: str) -> None:
    match kind:
        case "pipe":
            os.mkfifo(root / "file")
        case "device":
            (root / "file").symlink_to("/dev/zero")
        case _:
            (root / "file").mkdir()
    with open_folder(root) as folder, pytest.raises(UnsafePathError):
        folder.read("file")


def test_a_file_is_read_up_to_a_bound(root: Path) -> None:
    (root / "file").write_bytes(b"x" * 11)
    with open_folder(root) as folder:
        assert len(folder.read("file", 11)) == 11
        with pytest.raises(UnsafePathError, match="larger"):
            folder.read("file", 10)


def test_modes_hold_whatever_the_mask(root: Path) -> None:
    mask = os.umask(0)
    try:
        with open_folder(root) as folder:
            folder.replace("secret", b"x", 0o600)
            folder.replace("file", b"x")
            folder.make("private", 0o700)
    finally:
        os.umask(mask)
    modes = {path.name: path.stat().st_mode & 0o777 for path in root.iterdir()}
    assert modes == {"secret": 0o600, "file": 0o644, "private": 0o700}


def test_what_fails_leaves_nothing_behind(root: Path) -> None:
    (root / "place").mkdir()
    with open_folder(root) as folder, pytest.raises(IsADirectoryError):
        folder.replace("place", b"x")
    assert [path.name for path in root.iterdir()] == ["place"]


def test_a_relative_path_stays_where_the_user_stands(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout names its folders; a link among them leads no further than the checkout."""
    (root / "out").symlink_to(root.parent)
    (root / "inside").mkdir()
    (root / "link").symlink_to(root / "inside")
    monkeypatch.chdir(root)
    with pytest.raises(UnsafePathError, match="leads out"):
        open_folder(Path("out"))
    with open_folder(Path("link")) as folder:
        folder.create("x", [b""])
    with open_folder(root / "out") as folder:  # the user's own word
        assert "victim" in folder.names("")


def test_a_spec_may_be_a_link_but_not_out_of_its_folder(root: Path) -> None:
    (root / "real.yaml").write_text("spec")
    (root / "in.yaml").symlink_to("real.yaml")
    (root / "out.yaml").symlink_to(root.parent / "victim")
    assert read_named(root / "in.yaml") == b"spec"
    with pytest.raises(UnsafePathError, match="leads out"):
        read_named(root / "out.yaml")


def test_a_private_folder_is_this_users_alone(root: Path) -> None:
    with private(root / "state") as folder:
        assert folder.path == root / "state"
    (root / "state").chmod(0o755)
    with pytest.raises(UnsafePathError, match="alone"):
        private(root / "state")
