"""The reviewer's view: thirty pull requests and their differences, and any two specs in every form."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from support.paths import ROOT, SCENARIOS, TESTS
from support.scenarios import compiled, scenario_names
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation

from compiler import pipeline
from compiler.diff import json, markdown, text
from compiler.diff.compare import compare
from compiler.diff.grouping import grouped
from compiler.model.effects import Risk

FOLDER = TESTS / "pull_requests"
CHANGES: dict[str, Any] = yaml.load((FOLDER / "changes.yaml").read_text(), yaml.CSafeLoader)


class ReviewExtension(SingleFileSnapshotExtension):
    """Each golden difference is a text file by the name of its pull request."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        return str(FOLDER)

    @classmethod
    def get_file_basename(cls, *, test_location: PyTestLocation, index: Any) -> str:
        return str(index)

    def serialize(self, data: Any, **_: Any) -> str:
        return str(data)


def test_there_are_thirty() -> None:
    assert len(CHANGES) >= 30
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(CHANGES)


@pytest.mark.parametrize("name", CHANGES)
def test_the_review_of_a_pull_request(name: str, snapshot: SnapshotAssertion) -> None:
    scenario, replaced = CHANGES[name]["of"], CHANGES[name]["replace"]
    spec = (SCENARIOS / scenario / "platform.yaml").read_text()
    for old, new in replaced.items():
        assert old in spec
        spec = spec.replace(old, new)
    after = pipeline.compile(spec.encode(), "platform.yaml")
    assert not after.report.failed, after.report.sorted()
    changes = compare(compiled(scenario), after)
    review = snapshot.use_extension(ReviewExtension)(name=name)
    assert text.render(changes) == review
    assert ("in all: nothing changes" in text.render(changes)) == (name == "nothing")


# A ring through all scenarios in steps, so that each is once the old and once the new spec.
NAMES = scenario_names()
PAIRS = [(NAMES[at], NAMES[(at + 17) % len(NAMES)]) for at in range(0, len(NAMES), 5)]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_any_two_specs_are_compared_in_every_form(before: str, after: str) -> None:
    changes = compare(compiled(before), compiled(after))
    groups = grouped(changes)
    assert sum(entry.count for group in groups for entry in group.entries) == len(changes)
    risks = [group.risk for group in groups]
    assert risks == sorted(risks, reverse=True)
    comment = markdown.render(changes)
    assert len(comment) <= 65_536
    assert comment.count("data loss") >= min(1, risks.count(Risk.DATA_LOSS))
    assert text.render(changes).startswith("in all: ")
    assert json.render(changes).startswith("{")


WRITERS = "writers: [churn-training], "


def test_a_login_that_goes_leaves_the_variables_of_others_alone() -> None:
    """Variables of several logins are named by them: a number would move with each that goes."""
    spec = (ROOT / "platform.yaml").read_text()
    without = spec.replace("uses: [mlflow, feast]", "uses: [mlflow]").replace(WRITERS, "")
    before, after = (pipeline.compile(text.encode(), "platform.yaml") for text in (spec, without))
    fields = [field for change in compare(before, after) for field in change.fields]
    assert any("PASSWORD_CHURN_TRAINING_FEAST_REGISTRY" in field.path for field in fields)
    moved = [
        field.path
        for field in fields
        if "secretKeyRef" in field.path and None not in (field.before, field.after)
    ]
    assert moved == []
