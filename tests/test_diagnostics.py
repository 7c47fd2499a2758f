"""The user's view, to the letter: `diagnostics/<code>[-variant]/` holds a spec and its answer."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from support.command_line import run, run_script
from support.goldens import GOLDENS, golden_names, golden_source

from compiler.diagnostics.codes import CODES


def answer(name: str, folder: Path) -> str:
    """The output of the command line on stderr about a golden's spec."""
    shutil.copy(GOLDENS / name / "platform.yaml", folder / "platform.yaml")
    steps = GOLDENS / name / "steps.sh"
    if steps.is_file():
        return run_script(folder, steps.read_text()).stderr
    stderr = run("compile").stderr
    # Where it compiles, other tests read the next command and the number of files.
    stderr = re.sub(r"^next:\n(  .*\n)+", "", stderr, flags=re.M)
    return re.sub(r"^platform\.yaml: .* written\n", "", stderr, flags=re.M)


@pytest.mark.parametrize("name", golden_names())
def test_answer(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(tmp_path)
    text = answer(name, tmp_path)
    expected = GOLDENS / name / "expected" / "stderr.txt"
    if request.config.option.update_snapshots:
        expected.parent.mkdir(exist_ok=True)
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


def test_every_code_has_a_golden_that_raises_it() -> None:
    """None is unreachable, and the folder's name is the code that it is about."""
    raised: set[str] = set()
    for name in golden_names():
        actual = set(
            re.findall(r"^(?:error|warning|note)\[([a-z0-9-]+)\]", golden_source(name), re.M)
        )
        assert any(name == code or name.startswith(f"{code}-") for code in actual), name
        raised |= actual
    assert raised == set(CODES)
