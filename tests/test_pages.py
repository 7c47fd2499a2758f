"""Every code has its page; its wrong example is refused with that code, its right example is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import run_script
from support.diagnosing import HEADER, compiled, diagnosed
from support.pages import examples

from compiler.diagnostics.codes import CODES
from compiler.diagnostics.pages import folder, page

SPEC = HEADER + "spec:\n  components:\n    postgres: {storage: 10Gi}\n"


def test_every_code_has_its_page_and_every_page_its_code() -> None:
    assert {path.stem for path in folder().glob("*.md")} == set(CODES)


@pytest.mark.parametrize("code", sorted(CODES))
def test_page_opens_with_what_the_code_is(code: str) -> None:
    code_entry = CODES[code]
    assert page(code).startswith(f"# {code}\n\n*{code_entry.severity}*: {code_entry.title}\n\n")


@pytest.mark.parametrize("code", sorted(CODES))
def test_examples(code: str, tmp_path: Path) -> None:
    wrong, right = examples(code)
    if wrong.language == "sh":
        _sessions(code, wrong.body, right.body, tmp_path)
        return
    assert code in {diagnostic.code for diagnostic in diagnosed(wrong.spec)}
    assert compiled(right.spec).report.sorted() == []


def _sessions(code: str, wrong: str, right: str, folder: Path) -> None:
    fails = int(CODES[code].severity == "error")
    for name, script, status in (("wrong", wrong, fails), ("right", right, 0)):
        session_file = folder / name
        session_file.mkdir()
        (session_file / "platform.yaml").write_text(SPEC)
        result = run_script(session_file, script)
        message = f"[{code}]" in result.stderr
        assert (result.returncode, message) == (status, name == "wrong"), result.stderr
