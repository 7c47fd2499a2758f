"""The compiler reads every spec that the published schema allows, and its objects are valid."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.spec_strategies import section

from benchmarks.platforms import platform
from compiler import pipeline, registry
from compiler.diagnostics import Report
from compiler.diagnostics.codes import CODES
from compiler.kube import yaml
from compiler.load import load
from compiler.spec import model_uri, types
from compiler.spec.constraints import InvalidValue, Parser
from compiler.specialise import specialise

# Codes for a wrong form of a section; an editor would have said so first.
FORM = {"unknown-key", "missing-key", "wrong-type", "null-value", "unknown-type"}
AROUND = {
    "a-store": {"type": "seaweedfs"}, "a-database": {"type": "postgres", "maxConnections": 900},
    "a-mysql": {"type": "mysql"}, "a-cache": {"type": "redis"}, "a-server": {"type": "mlflow"},
}  # fmt: skip


@pytest.mark.parametrize("type", registry.builtin_types())
@given(data=st.data())
@settings(max_examples=6)
def test_a_section_that_the_schema_allows_is_read(type: str, data: st.DataObject) -> None:
    drawn = {"type": type, **data.draw(section(type))}
    actual = codes_of({"components": {**AROUND, "drawn": drawn}})
    assert not actual & FORM
    assert "schema-violation" not in actual


@pytest.mark.parametrize(
    ("where", "name"), [("workloads", "WorkloadSpec"), ("models", "ModelSpec")]
)
@given(data=st.data())
@settings(max_examples=20)
def test_a_tenant_that_the_schema_allows_is_read(
    where: str, name: str, data: st.DataObject
) -> None:
    serving = {"kserve": {"mode": "standard"}}
    actual = codes_of({"components": AROUND | serving, where: {"drawn": data.draw(section(name))}})
    assert not actual & FORM
    assert "schema-violation" not in actual


PARSERS = {
    name: constraint
    for name, annotation in (vars(types) | vars(model_uri)).items()
    for constraint in get_args(annotation)
    if isinstance(constraint, Parser)
}


@pytest.mark.parametrize("name", PARSERS)
@given(text=st.text())
@example(text="\ufeff")
@example(text="\0")
@example(text="\ud800")
def test_a_type_parses_any_text_or_refuses_it(name: str, text: str) -> None:
    with suppress(InvalidValue):
        assert isinstance(PARSERS[name].parse(text), str)


def codes_of(spec: object) -> set[str]:
    """The diagnostics of a platform, all of known codes."""
    codes_by_name = {
        "apiVersion": "platformc/v1alpha1", "kind": "Platform", "metadata": {"name": "drawn"},
        "spec": spec,
    }  # fmt: skip
    result = pipeline.compile(json.dumps(codes_by_name).encode(), "platform.yaml")  # JSON is YAML
    if result.lowered:
        result.tree()
    actual = {diagnostic.code for diagnostic in result.report.diagnostics}
    assert actual <= CODES.keys()
    return actual


@pytest.mark.parametrize(("models", "environments"), [(5000, 20), (500, 200), (1000, 100)])
def test_the_largest_platforms_of_the_documentation_are_read(
    models: int, environments: int
) -> None:
    report = Report()
    document = load(yaml.dump(platform(models, environments)).encode(), "platform.yaml", report)
    assert document is not None
    assert len(specialise(document, report).environments) == environments
    assert not report.diagnostics


def test_few_instances_with_many_values_are_too_large_for_many_environments() -> None:
    variables = "".join(f"        A{number}: x\n" for number in range(2000))
    names = "".join(f"    e{number}: {{}}\n" for number in range(1000))
    text = f"spec:\n  workloads:\n    w:\n      env:\n{variables}  environments:\n{names}"
    report = Report()
    document = load(text.encode(), "platform.yaml", report)
    assert document is not None
    assert specialise(document, report).environments == {}
    assert [diagnostic.code for diagnostic in report.diagnostics] == ["too-large"]


def test_an_override_that_repeats_the_type_keeps_the_rest() -> None:
    """A component without a type has its key as type."""
    text = """\
spec:
  components:
    postgres: {storage: 50Gi}
    store: {type: minio, storage: 70Gi}
  environments:
    same: {components: {postgres: {type: postgres, maxConnections: 300}, store: {type: minio}}}
    other: {components: {store: {type: seaweedfs}}}
"""
    document = load(text.encode(), "platform.yaml", Report())
    assert document is not None
    environments = specialise(document, Report()).environments
    components = {
        name: environment.at(("spec", "components")).plain()
        for name, environment in environments.items()
    }
    assert components["same"]["postgres"]["storage"] == "50Gi"
    assert components["same"]["store"] == {"type": "minio", "storage": "70Gi"}
    assert components["other"]["store"] == {"type": "seaweedfs"}
