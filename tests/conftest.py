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
def plain_terminal() -> Iterator[None]:
    """Tests read what a pipe would: no colour, no traceback switch."""
    patch = pytest.MonkeyPatch()
    patch.setenv("NO_COLOR", "1")
    patch.delenv("PLATFORMC_TRACEBACK", raising=False)
    yield
    patch.undo()
