"""Every module with live tests says so: `make test` does not even import its folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import LIVE

MODULES = sorted(path for folder in LIVE for path in folder.rglob("test_*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_module_of_live_tests_is_marked(module: Path) -> None:
    marks = re.search(r"^pytestmark = .*?(?=^\S|\Z)", module.read_text(), re.MULTILINE | re.DOTALL)
    assert marks
    assert "pytest.mark.live" in marks[0]


def test_there_are_live_modules() -> None:
    assert len(MODULES) > 50
