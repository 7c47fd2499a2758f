"""Mistakes of real users' files, from public threads: each is found in its place, with the text to type."""

from __future__ import annotations

import re

import pytest
from support.diagnosing import diagnosed
from support.reported import Reported, reported

ALL = list(reported())


@pytest.mark.parametrize("mistake", ALL, ids=lambda mistake: mistake.name)
def test_the_mistake_is_found(mistake: Reported) -> None:
    findings = {
        (finding.code, finding.span.line, finding.span.column): " / ".join(finding.help)
        for finding in diagnosed(mistake.text.encode())
        if finding.span
    }
    key = (mistake.code, *mistake.place)
    assert key in findings, findings
    assert mistake.help in findings[key]


def test_every_row_names_its_thread() -> None:
    assert len({mistake.source for mistake in ALL}) == len(ALL) >= 40
    for mistake in ALL:
        assert re.fullmatch(
            r"https://github\.com/[\w.-]+/[\w.-]+/(issues|pull)/\d+", mistake.source
        )
