"""A megabyte of the worst text for each reader and message, in linear time.

The default tests (`tests/test_linear_time.py`) compare texts of some kilobytes; counting the calls of all
megabytes takes minutes.
"""

from __future__ import annotations

import pytest
from test_linear_time import OTHERS, SPECS, is_linear, validated

pytestmark = pytest.mark.live

HALF = 2**19


@pytest.mark.parametrize("case", SPECS)
def test_a_spec_of_a_megabyte_is_read_and_reported_in_linear_time(case: str) -> None:
    is_linear(lambda length: validated(SPECS[case](length)), HALF)


@pytest.mark.parametrize("case", OTHERS)
def test_another_text_of_a_megabyte_is_read_in_linear_time(case: str) -> None:
    is_linear(OTHERS[case], HALF)
