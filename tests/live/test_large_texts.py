"""Large texts, the worst for each reader and message, in linear time.

The default tests (`tests/test_linear_time.py`) compare texts of some kilobytes, these tests those of 128 and 256
KiB, and `make soak` those of half a megabyte and a megabyte: to count the calls of all megabytes takes minutes.
"""

from __future__ import annotations

import pytest
from test_linear_time import READERS, SPECS, is_linear, validated

pytestmark = pytest.mark.live

each_length = pytest.mark.parametrize(
    "length", [2**17, pytest.param(2**19, marks=pytest.mark.soak)]
)


@each_length
@pytest.mark.parametrize("case", SPECS)
def test_a_large_spec_is_read_and_reported_in_linear_time(case: str, length: int) -> None:
    is_linear(lambda length: validated(SPECS[case](length)), length)


@each_length
@pytest.mark.parametrize("case", READERS)
def test_another_large_text_is_read_in_linear_time(case: str, length: int) -> None:
    is_linear(READERS[case], length)
