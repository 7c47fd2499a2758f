"""Schedules, as robfig/cron v3 reads them (parser.go and spec.go)."""

from __future__ import annotations

import pytest

from compiler.spec.cron import longest_gap, shortest_gap, with_seconds

DAY = 86400


@pytest.mark.parametrize(
    ("schedule", "shortest", "longest"),
    [
        ("0 0 * * 1", 7 * DAY, 7 * DAY),
        ("0 0 */1 * 1", 7 * DAY, 7 * DAY),  # a step of 1 keeps the star
        ("0 0 ? * 1", 7 * DAY, 7 * DAY),
        ("0 0 1-31 * 1", DAY, DAY),  # no star, so either field matches
        ("0 0 */2 * 1", DAY, 2 * DAY),  # no star either: another step removes it
        ("0 0 1 * 0-6", DAY, DAY),
        ("0 0 1 * *", 28 * DAY, 31 * DAY),
        ("@yearly", 365 * DAY, 366 * DAY),
        ("0 0 29 2 *", None, None),
        ("0 0 30 2 *", None, None),
    ],
)
def test_gaps(schedule: str, shortest: int | None, longest: int | None) -> None:
    assert (shortest_gap(schedule), longest_gap(schedule)) == (shortest, longest)


def test_a_macro_has_no_field_for_seconds() -> None:
    assert with_seconds("@daily") == "@daily"
    assert with_seconds("0 1 * * *") == "0 0 1 * * *"


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("0 1 */2 * 1", "0 0 1 1-31/2 * 1"),
        ("0 1 15,*/10 * ?/3", "0 0 1 15,1-31/10 * 0-6/3"),
        ("0 */6 */01 * 1,*/1", "0 0 */6 */01 * 1,*/1"),  # a step of 1 keeps the star there too
        ("*/5 0 5/2 */3 1-5/2", "0 */5 0 5/2 */3 1-5/2"),
    ],
)
def test_a_star_with_a_step_is_no_star_in_the_older_syntax_either(
    schedule: str, expected: str
) -> None:
    assert with_seconds(schedule) == expected
    assert longest_gap(expected.partition(" ")[2]) == longest_gap(schedule)
