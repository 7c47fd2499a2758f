"""Fixtures of all tests."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support.snapshots import TreeExtension
from syrupy.assertion import SnapshotAssertion

# A busy machine draws and runs slowly; that is no failure of a test.
settings.register_profile("busy", deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile("busy")

# Twelve thousand tests are a large heap: to look through it for garbage takes a seventh of the run's time.
gc.set_threshold(50_000, 20, 50)

LIVE = [Path(__file__).parent / name for name in ("live", "cluster")]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the folders of live tests where none is wanted: to import them takes each worker seconds."""
    return True if config.option.markexpr == "not live" and collection_path in LIVE else None


def pytest_collection_finish() -> None:
    """The tests themselves stay to the end, so no collection looks at them."""
    gc.freeze()


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
