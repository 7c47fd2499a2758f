"""Fixtures of the tests on a real node: the node, a deadline for every test, the failures and the usage of
each node, shown."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from support.time_limit import time_limit

from cluster.node import STATE, Node, make_room
from cluster.usage import Usage

NODE = pytest.StashKey[Node]()
USAGE = pytest.StashKey[list[str]]()
LONGEST = 1500  # seconds for one test; every wait inside has a shorter deadline


@pytest.fixture(scope="module")
def node(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Node]:
    """A fresh node, for the tests of one module."""
    fresh = Node(tmp_path_factory.mktemp("node"))
    request.node.stash[NODE] = fresh
    usage = Usage(STATE / "run/cgroups")
    yield fresh
    line = f"{request.node.name}: {usage.stop()}"
    request.config.stash.setdefault(USAGE, []).append(line)
    fresh.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder for a platform."""
    return tmp_path_factory.mktemp("platform")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """A test that waits in vain fails, rather than keep all others waiting."""
    with time_limit(LONGEST, item.nodeid):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows the unhealthy parts of its node."""
    report = yield
    module = item.getparent(pytest.Module)
    node = module.stash.get(NODE, None) if module else None
    if report.failed and node is not None:
        report.sections.append(("node", node.report()))
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Unpacked images stay for the next run, where the disk has room for them."""
    if session.config.stash.get(USAGE, []):
        make_room()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The time, processor time and memory of each node, which is that of one module."""
    lines = terminalreporter.config.stash.get(USAGE, [])
    if lines:
        terminalreporter.section("nodes")
    for line in lines:
        terminalreporter.line(line)
