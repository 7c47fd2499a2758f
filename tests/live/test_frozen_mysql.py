"""A MySQL that a move freezes: the newest release, with its own client, as the image has it.

It is Debian's 9.7 (unstable), newer than the compiled 8.4; `test_move.py` moves 8.0.15, which cannot be frozen.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from live.move_writers import MYSQL, WRITE
from live.moves import Case, Running
from live.platforms import Platform
from live.pods.node import Node
from live.pods.pod import Pod

pytestmark = pytest.mark.live

IMAGE = "docker.io/library/mysql:9.7.4"
CASE = Case("mysql", "successor", f"""
    mysql: {{image: "{IMAGE}"}}
    successor: {{type: mysql, image: "{IMAGE}"}}
  silence: [{{code: untried-version, reason: it is tried here}}]
""", MYSQL, "", "read only mode")  # fmt: skip


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    node = Node(tmp_path / "node")
    result = Running(CASE, Platform(tmp_path / "platform"), node)
    try:
        result.deliver(cut_over=False)
        yield result
    finally:
        node.close()


def acknowledged(running: Running, pod: Pod) -> set[int]:
    """The numbers that a writer printed before its error."""
    return {int(line) for line in running.node.output(pod).splitlines() if line.isdigit()}


def refuses_a_late_writer(node: Node) -> None:
    late = node.run("mlops", "training", command=("python", "-c", f"START = 10**6{MYSQL}{WRITE}"))
    node.until(lambda: late.failed, 60, [])
    assert CASE.frozen in node.report([late])
    node.discard([late])


def test_a_forgotten_writer_gets_an_error_and_loses_nothing(running: Running) -> None:
    node, writer = running.node, running.writing()
    assert "from mysql to successor in " in running.copied(FREEZE="yes")
    node.until(lambda: writer.failed, 60, [])
    assert CASE.frozen in node.report([writer])
    running.acknowledged |= acknowledged(running, writer)
    node.discard([writer])
    refuses_a_late_writer(node)
    running.deliver(cut_over=True)
    assert running.lost() == set()
    # The way back thaws the old server, and freezes the new one.
    running.stopped(running.writing())
    running.copied(DIRECTION="back", FREEZE="yes")
    refuses_a_late_writer(node)
    running.deliver(cut_over=False)
    assert running.lost() == set()
    running.stopped(running.writing())
    assert running.lost() == set()
