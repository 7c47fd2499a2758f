"""Work that another core does is the same work."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import msgspec
import pytest
from support.paths import SCENARIOS

from compiler import parallel
from compiler.commands import build


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def test_another_process_does_it() -> None:
    assert parallel.run(os.getpid, int)() not in (0, os.getpid())


def test_where_there_is_one_core_it_is_done_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert parallel.run(os.getpid, int)() == os.getpid()


def test_where_no_process_is_to_be_had_it_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", full)
    before = len(os.listdir("/proc/self/fd"))
    assert parallel.run(os.getpid, int)() == os.getpid()
    assert len(os.listdir("/proc/self/fd")) == before


def test_what_did_not_come_to_its_end_is_done_here() -> None:
    parent = os.getpid()

    def killed_elsewhere() -> str:
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return "done"

    assert parallel.run(killed_elsewhere, str)() == "done"


def test_what_is_cut_short_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "encode", lambda value: msgspec.msgpack.encode(value)[:-1])
    assert parallel.run(os.getpid, int)() == os.getpid()
    assert parallel.run(lambda: "x" * 1_000_000, str)() == "x" * 1_000_000


def test_more_comes_back_than_a_pipe_holds() -> None:
    assert parallel.run(lambda: "x" * 1_000_000, str)() == "x" * 1_000_000


def test_an_error_there_is_an_error_here() -> None:
    def fails() -> str:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        parallel.run(fails, str)()


def test_no_child_and_no_pipe_stay_behind() -> None:
    before = len(os.listdir("/proc/self/fd"))
    child = parallel.run(os.getpid, int)()
    assert len(os.listdir("/proc/self/fd")) == before
    with pytest.raises(ChildProcessError):
        os.waitpid(child, os.WNOHANG)


@pytest.mark.parametrize(("large_build", "forks"), [(1, 1), (10_000, 0)])
def test_only_many_objects_are_examined_by_another_process(
    large_build: int, forks: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    fork = os.fork

    def counted() -> int:
        calls.append(1)
        return fork()

    monkeypatch.setattr(os, "fork", counted)
    monkeypatch.setattr(build, "_LARGE_BUILD", large_build)
    spec = shutil.copy(SCENARIOS / "minimal" / "platform.yaml", tmp_path)
    build.Build(Path(spec), Path(spec).read_bytes(), tmp_path, (), "text").update(False, str)
    assert (len(calls), (tmp_path / "overlays").is_dir()) == (forks, True)
