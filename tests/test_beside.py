"""Work that another core does is the same work."""

from __future__ import annotations

import os
import signal

import msgspec
import pytest
from support.paths import ROOT

from benchmarks.platforms import platform, text
from compiler import ahead, pipeline
from compiler.diagnostics import Report
from compiler.emit.portion import Portion
from compiler.load import load
from compiler.model.package import Lowered
from compiler.parallel import beside, in_turn


@pytest.fixture
def one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)


def whoever() -> int:
    return os.getpid()


def test_another_process_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert beside(whoever, int)() not in (0, whoever())


@pytest.mark.usefixtures("one_core")
def test_where_there_is_one_core_it_is_done_here_and_now() -> None:
    seen: list[int] = []

    def work() -> str:
        seen.append(whoever())
        return "done"

    result = beside(work, str)
    assert seen == [whoever()]
    assert result() == "done"
    assert seen == [whoever()]


def test_what_did_not_come_to_its_end_is_done_here() -> None:
    here = os.getpid()

    def killed_elsewhere() -> str:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return "done"

    assert beside(killed_elsewhere, str)() == "done"


def test_more_comes_back_than_a_pipe_holds() -> None:
    assert beside(lambda: "x" * 1_000_000, str)() == "x" * 1_000_000


def test_an_error_there_is_an_error_here() -> None:
    def fails() -> str:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        beside(fails, str)()


def test_two_pieces_are_done_in_turn_by_one_process() -> None:
    first, second = in_turn(whoever, int, lambda: (whoever(), "x" * 1_000_000), tuple[int, str])
    one = first()
    assert one != whoever()
    assert second() == (one, "x" * 1_000_000)


def test_what_came_before_an_end_counts_and_what_did_not_is_done_here() -> None:
    here = os.getpid()

    def killed_elsewhere() -> str:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return "done"

    first, second = in_turn(whoever, int, killed_elsewhere, str)
    assert second() == "done"
    assert first() != here


def test_what_is_cut_short_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = msgspec.msgpack.encode
    monkeypatch.setattr(msgspec.msgpack, "encode", lambda value: whole(value)[:-1])
    assert beside(whoever, int)() == whoever()
    assert beside(lambda: "x" * 1_000_000, str)() == "x" * 1_000_000


@pytest.mark.parametrize(
    "data",
    [
        (ROOT / "platform.yaml").read_bytes(),
        b"a: 1\na: [\xc3\xa9, 2.5, null, true]\n",  # with something to be said of it
        b"a: [\n",
        b"a: 123456789012345678901234567890\n",
        b"",
    ],
)
def test_a_document_comes_back_as_it_is_read(data: bytes) -> None:
    there, here = Report(), Report()
    document = ahead.parsing(data, "platform.yaml")(data, "platform.yaml", there)
    read = load(data, "platform.yaml", here)
    assert there == here
    assert msgspec.to_builtins(document) == msgspec.to_builtins(read)


def test_the_bytes_are_the_same_on_one_core(request: pytest.FixtureRequest) -> None:
    data = text(platform(300, 2)).encode()
    by_two = pipeline.compile(data, "platform.yaml", apart=beside)
    others, _ = in_turn(by_two.portion, Portion, whoever, int)
    request.getfixturevalue("one_core")
    by_one = pipeline.compile(data, "platform.yaml")
    assert by_one.tree() == by_two.tree() == by_two.tree(others=others)
    assert by_one.report == by_two.report


def test_a_component_may_rely_on_what_a_rule_forbids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects are made while the rules are asked: whoever fails for what they find is not heard."""

    def unable(*given: object) -> Lowered:
        raise ZeroDivisionError

    monkeypatch.setattr(pipeline, "lower", unable)
    right = (ROOT / "platform.yaml").read_bytes()
    forbidden = right.replace(b"maxConnections: 200", b"maxConnections: 20")
    found = pipeline.compile(forbidden, "platform.yaml", apart=beside).report.sorted()
    assert "connection-budget" in {one.code for one in found}
    with pytest.raises(ZeroDivisionError):
        pipeline.compile(right, "platform.yaml", apart=beside)
