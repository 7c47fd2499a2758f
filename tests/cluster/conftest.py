"""Fixtures of the tests on a real node: the node, a deadline for every test, and the failures, shown."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from support.time_limit import time_limit

from cluster.node import Node

NODE = pytest.StashKey[Node]()
LONGEST = 1500  # seconds for one test; every wait inside has a shorter deadline


@pytest.fixture(scope="module")
def node(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Node]:
    """A fresh node, for the tests of one module."""
    fresh = Node(tmp_path_factory.mktemp("node"))
    request.node.stash[NODE] = fresh
    yield fresh
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
