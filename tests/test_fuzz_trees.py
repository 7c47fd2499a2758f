"""Few of the fuzzer's trees, the same each time; and that its witnesses see every access."""

from __future__ import annotations

from pathlib import Path

from support.fuzz_trees import fuzz, watched


def test_nothing_outside_of_a_tree_is_touched() -> None:
    answers = fuzz(40)
    assert not [answer for answer in answers if answer.startswith("FAILED")], answers
    assert len(answers) > 8


def test_the_witness_sees_what_it_should(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("precious")
    for touch, event in (
        (file.read_text, "file was opened"),
        (lambda: file.write_text("x"), "file was written"),
        (lambda: file.chmod(0o600), "file was chmod"),
        (lambda: list(tmp_path.iterdir()), "the folder was read"),
        ((tmp_path / "new").touch, "new was made"),
        (file.unlink, "file was removed"),
    ):
        with watched(tmp_path) as events:
            touch()
        assert event in events
