"""Fixtures of the live tests: a node for a module's pods, its platform, a deadline for every test,
and the failures, shown at the end."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from support.time_limit import time_limit

from live.control_plane import ControlPlane
from live.platforms import Platform
from live.pods.network import LOOPBACK_RANGE
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
    """A node without pods, with addresses of the module's range; it is stopped at the module's end."""
    node = Node(tmp_path_factory.mktemp("node"), getattr(request.module, "RANGE", LOOPBACK_RANGE))
    request.node.stash[NODE] = node
    yield node
    node.close()


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane of the module's own, with nothing applied."""
    plane = ControlPlane(tmp_path_factory.mktemp("cluster"))
    yield plane
    plane.close()


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
    """A failed test shows the state and the last lines of every pod, and the room on the disk: stores
    refuse to write when there is little."""
    report = yield
    module = item.getparent(pytest.Module)
    node = module.stash.get(NODE, None) if module else None
    if report.failed and node is not None:
        report.sections.append(("pods", node.report()))
        free = shutil.disk_usage(node.place).free / 1e9
        report.sections.append(("disk", f"{free:.1f} GB are free in {node.place}"))
    return report
