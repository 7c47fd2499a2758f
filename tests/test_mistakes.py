"""msgspec reads a section or has something against it; `mistakes` then says what, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import ValidationError, convert
from support.spec_strategies import WHOLE, section

from compiler import registry
from compiler.spec.section import Section
from compiler.validate.mistakes import MissingKey, OutOfRange, UnknownKey, WrongShape, mistakes


def _sections(of: type[Section]) -> Iterator[type[Section]]:
    for one in of.__subclasses__():
        yield one
        yield from _sections(one)


COMPONENTS = {type: component.Spec for type in registry.builtin_types()
              if (component := registry.component(type))}  # fmt: skip
SECTIONS = COMPONENTS | {
    one.__name__: one
    for one in _sections(Section)
    if one.__name__ in WHOLE["definitions"] and one.__module__.startswith("compiler.model")
}
WRONG = st.sampled_from([
    None, True, 0, -1, 10**9, 1.5, "", "x", "X\n", "mlops\n", [], [1], ["x"], {}, {"x": 1}, {"X\n": "x"},
])  # fmt: skip


@pytest.mark.parametrize("name", SECTIONS)
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_there_is_a_mistake_where_msgspec_finds_one(name: str, data: st.DataObject) -> None:
    value = _spoilt(data.draw(section(name)), data)
    assert bool(list(mistakes(value, SECTIONS[name]))) == (not _is_read(value, SECTIONS[name]))


def _spoilt(value: Any, data: st.DataObject) -> Any:
    """The same with one value replaced, or a key that is not known."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value)))
        return {**value, key: _spoilt(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        return [_spoilt(value[0], data), *value[1:]]
    if isinstance(value, dict) and data.draw(st.booleans()):
        return {**value, "unknown": 1}
    return data.draw(WRONG)


def _is_read(value: Any, model: type[Section]) -> bool:
    try:
        convert(value, model)
    except ValidationError:
        return False
    return True


def test_all_mistakes_are_found_at_once_each_at_its_place() -> None:
    value = {"replicas": 0, "storage": [], "resources": {"limits": {"cpus": 1}}, "patches": [{}]}
    found = {mistake.loc: type(mistake) for mistake in mistakes(value, SECTIONS["cloudnative-pg"])}
    assert found == {
        ("replicas",): OutOfRange,
        ("storage",): WrongShape,
        ("resources", "limits", "cpus"): UnknownKey,
        ("patches", 0, "target"): MissingKey,
        ("patches", 0, "operations"): MissingKey,
    }


def test_a_number_that_its_word_refuses_hides_no_other_mistake() -> None:
    found = {mistake.loc for mistake in mistakes({"replicas": 2, "storage": []}, SECTIONS["minio"])}
    assert found == {("replicas",), ("storage",)}


def test_a_reason_that_says_nothing_is_none() -> None:
    silence = {"code": "license-note", "reason": ""}
    (mistake,) = mistakes(silence, SECTIONS["Silence"])
    assert (mistake.loc, type(mistake)) == (("reason",), OutOfRange)


def test_a_text_may_not_end_a_line() -> None:
    """Python's `$` lets one pass; an object's name or a shell's line would not."""
    assert not _is_read({"namespace": "mlops\n"}, SECTIONS["mlflow"])
    assert not _is_read({"host": "s3.example.com", "region": "here\n"}, SECTIONS["external-s3"])
