"""Few of the fuzzer's trees, the same each time."""

from __future__ import annotations

from support.fuzz_trees import fuzz


def test_nothing_outside_of_a_tree_is_touched() -> None:
    answers = fuzz(40)
    assert len(answers) > 8
