"""docs/sizes.md: each row of its table has a test over a range of values, and its programs run in one."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator

import pytest
import test_sizes
import test_sizes_of_databases
import test_sizes_of_volumes
from support.paths import ROOT
from support.sizes import Row, rows

ROWS = list(rows())


def marks(test: Callable[..., None], name: str) -> list[pytest.Mark]:
    return [mark for mark in getattr(test, "pytestmark", []) if mark.name == name]


def covering() -> Iterator[tuple[str, Callable[..., None]]]:
    """Each mark of a row, and the test that has it."""
    for module in (test_sizes, test_sizes_of_databases, test_sizes_of_volumes):
        for name, test in vars(module).items():
            for mark in marks(test, "sizes") if name.startswith("test_") else []:
                yield from ((row, test) for row in mark.args)


TESTS = {row.name: [test for name, test in covering() if name == row.name] for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_has_a_test_over_a_range_of_values(row: Row) -> None:
    tests = TESTS[row.name]
    assert tests, f"no test is marked with @sizes({row.name!r})"
    for test in tests:
        ranges = [len(list(mark.args[1])) for mark in marks(test, "parametrize")]
        assert max(ranges, default=0) >= 3, f"{test.__name__} has no range"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_tests_of_a_row_are_of_its_components_and_its_diagnostic(row: Row) -> None:
    text = "".join(inspect.getsource(test) for test in TESTS[row.name])
    text = text.replace("POSTGRESQL", str(test_sizes_of_databases.POSTGRESQL))
    assert [type for type in row.types if type not in text] == []
    assert not row.diagnostic or f'"{row.diagnostic}"' in text


def test_every_mark_names_a_row() -> None:
    names = {row.name for row in ROWS}
    assert sorted({name for name, _ in covering()} - names) == []
    assert len(names) == len(ROWS) > 10


def test_every_program_that_fills_a_size_is_run_by_a_live_test() -> None:
    for row in ROWS:
        files = re.findall(r"`(tests/live/\w+\.py)`", row.program)
        assert files or row.program == "no", row.name
        assert all((ROOT / file).is_file() for file in files), row.name
