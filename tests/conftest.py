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

LIVE = [Path(__file__).parent / name for name in ("live", "cluster")]


def pytest_configure(config: pytest.Config) -> None:
    """Collect garbage seldom: with a heap of twelve thousand tests, it takes a seventh of the run's time."""
    if _are_default(config):
        gc.set_threshold(50_000, 20, 50)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the folders of live tests where none is wanted: to import them takes each worker seconds."""
    return True if _are_default(config) and collection_path in LIVE else None


def pytest_collection_finish(session: pytest.Session) -> None:
    """The tests themselves stay to the end, so no collection looks at them."""
    if _are_default(session.config):
        gc.freeze()


def _are_default(config: pytest.Config) -> bool:
    """Whether the run is that of the default tests, without programs of others."""
    return bool(config.option.markexpr == "not live")


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
