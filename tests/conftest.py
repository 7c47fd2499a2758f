"""Scenarios as real trees: `expected/` beside each spec holds every file that it compiles to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion
from syrupy.data import SnapshotCollection
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation

from compiler import pipeline
from compiler.pipeline import Compilation

HERE = Path(__file__).parent
ROOT = HERE.parent
SCENARIOS = HERE / "scenarios"
TOOLS = ROOT / ".tools" / "bin"


def scenario_names() -> list[str]:
    return sorted(path.parent.name for path in SCENARIOS.glob("*/platform.yaml"))


@cache
def compiled(name: str) -> Compilation:
    """A scenario, compiled once for all tests. It must have no error."""
    path = SCENARIOS / name / "platform.yaml"
    result = pipeline.compile(path.read_bytes(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    return result


class Reader(yaml.CSafeLoader):
    """Reads what kustomize writes: it leaves `=` and `<<` plain, which PyYAML has only tags for."""


for tag in ("value", "merge"):
    Reader.add_constructor(f"tag:yaml.org,2002:{tag}", lambda reader, node: node.value)


def tool(name: str) -> str:
    """A program that the tests need; its absence is a failure, never a skip."""
    found = shutil.which(name, path=f"{TOOLS}{os.pathsep}{os.environ['PATH']}")
    assert found, f"{name} is missing; `make tools` brings it"
    return found


class TreeExtension(SingleFileSnapshotExtension):
    """Each snapshot is a real file at its path below the scenario's `expected/`."""

    _write_mode = WriteMode.TEXT
    file_extension = ""

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        return str(SCENARIOS / _scenario(test_location) / "expected")

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
            from syrupy.data import Snapshot

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


def _scenario(location: PyTestLocation) -> str:
    item = location.item
    assert isinstance(item, pytest.Function)
    return str(item.callspec.params["scenario"])


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
