"""Every mistake of the corpus is found, with its code and in its place; nothing is where none is."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from support.corpus import FOLDER, Mistake, bases, mistakes
from support.diagnosing import diagnosed
from support.paths import ROOT, SCENARIOS
from support.scenarios import compiled, scenario_names

from compiler.diagnostics import Severity

ALL = list(mistakes())


@pytest.mark.parametrize("mistake", ALL, ids=lambda mistake: mistake.name)
def test_caught(mistake: Mistake) -> None:
    actual = diagnosed(mistake.text.encode())
    positions = {
        diagnostic.code: (diagnostic.span.line, diagnostic.span.column)
        for diagnostic in reversed(actual)
        if diagnostic.span
    }
    assert mistake.code in positions, [
        (diagnostic.code, diagnostic.message) for diagnostic in actual
    ]
    assert mistake.place in (None, positions[mistake.code])
    if not mistake.has_consequences:
        assert {diagnostic.code for diagnostic in actual} == {mistake.code}, (
            "one root cause, not several"
        )


def test_corpus_is_as_large_as_promised() -> None:
    assert len({mistake.text for mistake in ALL}) == len(ALL) >= 150


@pytest.mark.parametrize("name", bases())
def test_no_false_alarm_on_the_bases(name: str) -> None:
    assert diagnosed((FOLDER / name).read_bytes()) == []


@pytest.mark.parametrize("name", scenario_names())
def test_no_false_alarm_on_the_scenarios(name: str) -> None:
    """The warnings of a scenario are in its reviewed `diagnostics.txt`; nothing of it is an error."""
    actual = compiled(name).report.sorted()
    assert all(diagnostic.severity is not Severity.ERROR for diagnostic in actual)
    assert bool(actual) == (SCENARIOS / name / "expected" / "diagnostics.txt").is_file()


def misspelt() -> list[tuple[str, str]]:
    """Each key of the language in the corpus' platform, and its last two letters swapped."""
    text = (FOLDER / "base.yaml").read_text(encoding="utf-8")
    keys = sorted(set(re.findall(r"(?<![\w$./-])([a-z][A-Za-z]{3,}):(?= |\n)", text)) - USER_NAMES)
    return [(key, f"{key[:-2]}{key[-1]}{key[-2]}") for key in keys if key[-1] != key[-2]]


# Keys that are the user's to choose: names of instances, remotes, repositories, labels.
USER_NAMES = {"data", "datasets", "prod", "team", "backfill"}


@pytest.mark.parametrize(("key", "typo"), misspelt())
def test_typo_on_every_key(key: str, typo: str) -> None:
    """A misspelt key is found where it stands, and the right one is proposed."""
    text = (FOLDER / "base.yaml").read_text(encoding="utf-8")
    wrong = re.sub(rf"(?<![\w$./-]){key}:", f"{typo}:", text, count=1)
    before = wrong[: wrong.index(f"{typo}:")]
    position = (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
    at_position = [
        diagnostic
        for diagnostic in diagnosed(wrong.encode())
        if diagnostic.span and (diagnostic.span.line, diagnostic.span.column) == position
    ]
    assert [diagnostic.code for diagnostic in at_position] in (["unknown-key"], ["unknown-type"])
    assert f"did you mean `{key}`?" in at_position[0].help


def test_the_table_of_other_tools_counts_this_corpus() -> None:
    """Where mistakes have come or gone, `support.other_tools --server` has to count anew."""
    text = (ROOT / "docs" / "misconfigurations.md").read_text(encoding="utf-8")
    counted = {
        theme: int(count) for theme, count in re.findall(r"^\| (\w+) \| (\d+) \|", text, re.M)
    }
    assert counted == Counter(mistake.theme for mistake in ALL)
