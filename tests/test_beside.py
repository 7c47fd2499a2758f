"""Work that another core does is the same work."""

from __future__ import annotations

import os
import signal

import pytest

from benchmarks.platforms import platform, text
from compiler import pipeline
from compiler.beside import beside


@pytest.fixture
def one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)


def whoever() -> bytes:
    return str(os.getpid()).encode()


def test_another_process_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert beside(whoever)() not in (b"", whoever())


@pytest.mark.usefixtures("one_core")
def test_where_there_is_one_core_it_is_done_here_and_now() -> None:
    seen: list[bytes] = []

    def work() -> bytes:
        seen.append(whoever())
        return b"done"

    result = beside(work)
    assert seen == [whoever()]
    assert result() == b"done"
    assert seen == [whoever()]


def test_what_did_not_come_to_its_end_is_done_here() -> None:
    here = os.getpid()

    def killed_elsewhere() -> bytes:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return b"done"

    assert beside(killed_elsewhere)() == b"done"


def test_more_comes_back_than_a_pipe_holds() -> None:
    assert beside(lambda: b"x" * 1_000_000)() == b"x" * 1_000_000


def test_the_bytes_are_the_same_on_one_core(request: pytest.FixtureRequest) -> None:
    data = text(platform(300, 2)).encode()
    by_two = pipeline.compile(data, "platform.yaml", verified=False).tree()
    request.getfixturevalue("one_core")
    assert pipeline.compile(data, "platform.yaml", verified=False).tree() == by_two
