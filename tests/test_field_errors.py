"""Pydantic finds every mistake of a section at once; each is reported in the language's own words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from support.diagnosing import HEADER, diagnosed
from support.spec_strategies import SCHEMA, section

from compiler import registry
from compiler.diagnostics import Report
from compiler.diagnostics.codes import CODES
from compiler.document import Node
from compiler.document.span import Span
from compiler.spec.duration import seconds
from compiler.spec.section import Section, parse
from compiler.validate.errors import FieldError, field_errors
from compiler.validate.messages import report_errors


def _sections(section: type[Section]) -> Iterator[type[Section]]:
    for below in section.__subclasses__():
        yield below
        yield from _sections(below)


COMPONENTS = {type: component.Spec for type in registry.builtin_types()
              if (component := registry.component(type))}  # fmt: skip
SECTIONS = COMPONENTS | {
    section.__name__: section
    for section in _sections(Section)
    if section.__name__ in SCHEMA["definitions"] and section.__module__.startswith("compiler.spec")
}
WRONG = st.sampled_from([
    None, True, 0, -1, 10**9, 10**30, 1.5, "", "x", "image", "X\n", "mlops\n", "[key]", [], [1], ["x"], {}, {"x": 1},
    {"X\n": "x"}, {"[key]": 1},
])  # fmt: skip


@pytest.mark.parametrize("name", SECTIONS)
@given(data=st.data())
@settings(max_examples=10)
def test_a_section_is_read_or_each_mistake_has_a_known_code(name: str, data: st.DataObject) -> None:
    value = _spoilt(data.draw(section(name)), data)
    errors = _errors(value, SECTIONS[name])
    report = Report()
    try:
        parse(SECTIONS[name], value)
    except ValidationError as error:
        report_errors(error, SECTIONS[name], (), _node(value), report)
    assert bool(report.diagnostics) == bool(errors)
    assert {diagnostic.code for diagnostic in report.diagnostics} <= CODES.keys()
    assert all(diagnostic.message for diagnostic in report.diagnostics)


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


def _node(value: Any) -> Node:
    """A value as if it had been read from a file, everything at one place."""
    span = Span("platform.yaml", 1, 1, 1, 2)
    if isinstance(value, dict):
        below = {key: _node(inner) for key, inner in value.items()}
        return Node(below, span, dict.fromkeys(value, span))
    return Node([_node(inner) for inner in value] if isinstance(value, list) else value, span, {})


def _errors(value: Any, model: type[Section]) -> list[FieldError]:
    try:
        parse(model, value)
    except ValidationError as error:
        return list(field_errors(error, model))
    return []


def test_all_mistakes_are_found_at_once_each_at_its_place() -> None:
    value = {"replicas": 0, "storage": [], "resources": {"limits": {"cpus": 1}}, "patches": [{}]}
    actual = {error.loc: error.type for error in _errors(value, SECTIONS["cloudnative-pg"])}
    assert actual == {
        ("replicas",): "greater_than_equal",
        ("storage",): "string_type",
        ("resources", "limits", "cpus"): "extra_forbidden",
        ("patches", 0, "target"): "missing",
        ("patches", 0, "operations"): "missing",
    }


def test_a_number_that_its_type_refuses_hides_no_other_mistake() -> None:
    actual = {error.loc for error in _errors({"replicas": 2, "storage": []}, SECTIONS["minio"])}
    assert actual == {("replicas",), ("storage",)}


def test_a_reason_that_says_nothing_is_none() -> None:
    silence = {"code": "license-note", "reason": ""}
    (error,) = _errors(silence, SECTIONS["Silence"])
    assert (error.loc, error.type) == (("reason",), "string_too_short")


def test_a_text_may_not_end_a_line() -> None:
    """Python's `$` lets one pass; an object's name or a shell's line would not."""
    assert _errors({"namespace": "mlops\n"}, SECTIONS["mlflow"])
    assert _errors({"host": "s3.example.com", "region": "here\n"}, SECTIONS["external-s3"])


def test_a_wrong_key_of_a_map_is_told_from_a_wrong_value_below_it() -> None:
    value = {"image": "example.com/a:1", "env": {"a-b": "x", "[key]": "[key]", "A": 1}}
    actual = {(error.loc, error.on_key) for error in _errors(value, SECTIONS["WorkloadSpec"])}
    assert actual == {(("env", "a-b"), True), (("env", "[key]"), True), (("env", "A"), False)}


def test_the_keys_of_a_section_are_the_users_alone() -> None:
    """The compiler may call a field by its name in Python; a spec may not."""
    (error,) = _errors({"node_selector": {}}, SECTIONS["mlflow"])
    assert (error.loc, error.type) == (("node_selector",), "extra_forbidden")


def test_a_value_is_quoted_as_the_spec_has_it() -> None:
    spec = f"{HEADER}spec:\n  components: {{redis: {{persistence: false}}}}\n"
    (finding,) = diagnosed(spec.encode())
    assert finding.message == "`persistence` cannot be `false`"


def test_a_wrong_entry_is_told_from_a_wrong_list() -> None:
    for value, subject in (("[cold-start]", "an entry of `silence`"), ("{a: b}", "`silence`")):
        (finding,) = diagnosed(f"{HEADER}spec:\n  silence: {value}\n".encode())
        assert finding.message.startswith(f"{subject} must be ")


@pytest.mark.parametrize(
    ("timeout", "help"),
    [
        ("99999d", None),
        ("999999h", None),
        ("100000d", ("write it like `90s`, `15m`, `6h` or `1d`",)),
    ],
)
def test_a_duration_fits_into_the_nanoseconds_of_a_program(
    timeout: str, help: tuple[str, ...] | None
) -> None:
    workload = f"{{image: registry.example.com/a:1.0, timeout: {timeout}}}"
    findings = diagnosed(f"{HEADER}spec:\n  workloads: {{train: {workload}}}\n".encode())
    assert [(finding.code, tuple(finding.help)) for finding in findings] == (
        [("invalid-duration", help)] if help else []
    )
    assert help or seconds(timeout) * 10**9 < 2**63
