"""Fixtures of all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.snapshots import TreeExtension
from syrupy.assertion import SnapshotAssertion


@pytest.fixture
def tree_snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(TreeExtension)


@pytest.fixture(autouse=True, scope="session")
def separate_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Notes of platformc about the tests' trees are not left in the user's cache."""
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="session")
def plain_terminal() -> Iterator[None]:
    """Tests read like a pipe: no colour, no traceback switch."""
    patch = pytest.MonkeyPatch()
    patch.setenv("NO_COLOR", "1")
    patch.delenv("PLATFORMC_TRACEBACK", raising=False)
    yield
    patch.undo()
