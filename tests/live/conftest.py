"""Fixtures of the live tests: a node for a module's pods, and what failed, shown at the end."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from live.pods.node import Node

NODE = pytest.StashKey[Node]()


@pytest.fixture(scope="module")
def node(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Node]:
    """A node without pods; what runs on it at the end of the module is stopped."""
    made = Node(tmp_path_factory.mktemp("node"))
    request.node.stash[NODE] = made
    yield made
    made.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("platform")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows the state and the last lines of every pod."""
    report = yield
    module = item.getparent(pytest.Module)
    node = module.stash.get(NODE, None) if module else None
    if report.failed and node is not None:
        report.sections.append(("pods", node.report()))
    return report
