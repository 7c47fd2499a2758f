"""Snapshots as real trees: `expected/` next to each scenario's spec holds all of its output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from syrupy.data import Snapshot, SnapshotCollection
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation

from support.paths import SCENARIOS

FIXTURE = "tree_snapshot"


class TreeExtension(SingleFileSnapshotExtension):
    """Each snapshot is a real file at its path below the scenario's `expected/`."""

    _write_mode = WriteMode.TEXT
    file_extension = ""

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        """The folder of a test's snapshots. syrupy asks for that of tests without snapshots too."""
        item = test_location.item
        assert isinstance(item, pytest.Function)
        if FIXTURE not in item.fixturenames:
            return str(SCENARIOS / "no-snapshots")
        return str(SCENARIOS / str(item.callspec.params["scenario"]) / "expected")

    @classmethod
    def get_file_basename(cls, *, test_location: PyTestLocation, index: Any) -> str:
        return str(index)

    @classmethod
    def get_location(cls, *, test_location: PyTestLocation, index: Any = 0) -> str:
        return str(Path(cls.dirname(test_location=test_location)) / str(index))

    @classmethod
    def get_snapshot_name(cls, *, test_location: PyTestLocation, index: Any = 0) -> str:
        return f"{test_location.methodname}:{index}"

    def serialize(self, data: Any, **_: Any) -> str:
        return str(data)

    def read_snapshot_collection(self, *, snapshot_location: str) -> SnapshotCollection:
        collection = SnapshotCollection(location=snapshot_location)
        path = Path(snapshot_location)
        if path.is_file():
            parts = path.parts
            start = len(parts) - parts[::-1].index("expected")
            index = "/".join(parts[start:])
            collection.add(Snapshot(name=f"test_tree:{index}", data=path.read_text()))
        return collection

    @classmethod
    def matches_test_location(
        cls, *, test_location: PyTestLocation, snapshot_location: str
    ) -> bool:
        return Path(snapshot_location).is_relative_to(cls.dirname(test_location=test_location))
