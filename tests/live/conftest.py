"""Fixtures of the live tests: a node for a module's pods, its platform, a deadline for every test,
and the failures, shown at the end."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from support.time_limit import time_limit

from live.platforms import Platform
from live.pods.node import Node

NODE = pytest.StashKey[Node]()
LONGEST = (
    600  # seconds for one test, with all that it starts; every wait inside has a shorter deadline
)
START = 300  # seconds until a platform is ready, next to another one


@pytest.fixture(scope="module")
def node(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Node]:
    """A node without pods; its processes are stopped at the end of the module."""
    node = Node(tmp_path_factory.mktemp("node"))
    request.node.stash[NODE] = node
    yield node
    node.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("platform")


@pytest.fixture(scope="module")
def platform(request: pytest.FixtureRequest, folder: Path, node: Node) -> Platform:
    """The platform of a module's `SPEC`, running."""
    compiled_platform = Platform(folder).write(request.module.SPEC)
    node.apply(compiled_platform.compile())
    node.wait(START)
    return compiled_platform


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A test that waits in vain fails, rather than keep all others waiting."""
    with time_limit(LONGEST, item.nodeid):
        return (yield)


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
