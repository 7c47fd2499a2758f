"""The published schema and the compiler say the same of a spec's form."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml
from support.corpus import Mistake, mistakes
from support.nested import maps
from support.paths import ROOT, SCENARIOS
from support.scenarios import scenario_names

from compiler import registry
from compiler.pipeline import compile as compile_spec
from compiler.validate.json_schema import json_schema, schema_text

SCHEMA = json_schema()
CHECK = jsonschema.Draft7Validator(SCHEMA)
# Codes about the form of a spec, which a schema can know; the rest needs the whole platform.
FORM = {"unknown-key", "wrong-type", "missing-key", "unknown-value", "out-of-range", "invalid-name"}


def load(path: Any) -> Any:
    return yaml.load(path.read_text(), yaml.CSafeLoader)


def test_it_is_a_schema_with_local_references_only() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert '"$ref": "#/definitions/' in schema_text()
    assert '"$ref": "http' not in schema_text()


def test_the_published_file_is_current() -> None:
    assert (ROOT / "schemas" / "platform.schema.json").read_text() == schema_text()


def test_every_number_has_a_bound_above() -> None:
    """Each ends in a field of a fixed width, such as an int32, of which an API server reads no larger number."""
    unbounded = {path for path in _integers(SCHEMA) if "maximum" not in _at(SCHEMA, path)}
    assert unbounded == set()


def _integers(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The schemas of all integers."""
    if isinstance(value, dict) and value.get("type") == "integer":
        yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in entries:
        if isinstance(inner, dict | list):
            yield from _integers(inner, (*path, key))


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def test_every_type_is_offered() -> None:
    offered = SCHEMA["properties"]["spec"]["properties"]["components"]["properties"]
    assert set(offered) == set(registry.builtin_types())


@pytest.mark.parametrize("scenario", scenario_names())
def test_it_accepts_every_scenario(scenario: str) -> None:
    assert not list(CHECK.iter_errors(load(SCENARIOS / scenario / "platform.yaml")))


def _sites(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a spec where a map stands whose keys are the language's."""
    free = {"env", "labels", "nodeSelector", "bind", "components", "models", "workloads", "volumes",
            "environments", "value", "remotes", "repositories", "files"}  # fmt: skip
    actual: list[tuple[Any, ...]] = []
    if isinstance(value, dict):
        if not path or path[-1] not in free:
            actual.append(path)
        for key, inner in value.items():
            if key not in ("env", "labels", "value"):
                actual += _sites(inner, (*path, key))
    return actual


@pytest.mark.parametrize(
    "scenario", ["environments", "workloads", "external-services", "escape-hatch"]
)
def test_an_unknown_key_is_refused_by_both_at_every_level(scenario: str) -> None:
    document = load(SCENARIOS / scenario / "platform.yaml")
    for path in _sites(document):
        changed = copy.deepcopy(document)
        target = changed
        for key in path:
            target = target[key]
        target["zzz"] = 1
        report = compile_spec(yaml.safe_dump(changed).encode(), "f").report
        assert {diagnostic.code for diagnostic in report.sorted()} & FORM, path
        assert list(CHECK.iter_errors(changed)), path


@pytest.mark.parametrize(
    "change",
    [
        {"replicas": "two"}, {"replicas": 0}, {"artifacts": "both"}, {"image": 3}, {"bind": []},
        {"resources": {"limits": {"memory": []}}}, {"nodeSelector": {"a": 1}}, {"workers": 2.5},
    ],
    ids=str,
)  # fmt: skip
def test_both_refuse_a_wrong_value(change: dict[str, Any]) -> None:
    document = load(SCENARIOS / "minimal" / "platform.yaml")
    document["spec"]["components"]["mlflow"] = change
    report = compile_spec(yaml.safe_dump(document).encode(), "f").report
    assert {diagnostic.code for diagnostic in report.sorted()} & FORM
    assert list(CHECK.iter_errors(document))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("domain",), "https://ml.example.com"), (("namespace",), "ml_ops"),
        (("components", "mlflow", "image"), "mlflow"), (("components", "mlflow", "database"), "a-b"),
        (("components", "mlflow", "resources"), {"limits": {"memory": "4GB"}}),
        (("models", "m", "uri"), "gs://models/m"), (("models", "m", "timeout"), "1 hour"),
        (("workloads", "w", "schedule"), "0 2 * *"), (("cluster", "podCIDRs"), ["10.0.0.0"]),
    ],
)  # fmt: skip
def test_both_refuse_a_wrong_form(path: tuple[str, ...], value: Any) -> None:
    """An editor names the mistake of a text in words, as the compiler does."""
    document = load(SCENARIOS / "minimal" / "platform.yaml")
    spec = document["spec"]
    spec["models"] = {"m": {"format": "onnx", "uri": "s3://models/m", "timeout": "1h"}}
    spec["workloads"] = {"w": {"image": "example.com/w:1", "schedule": "*/5 * * * mon-fri"}}
    assert not list(CHECK.iter_errors(document))
    holder = spec
    for key in path[:-1]:
        holder = holder.setdefault(key, {})
    holder[path[-1]] = value
    assert list(CHECK.iter_errors(document))
    assert "patternErrorMessage" in str([error.schema for error in _deepest(document)])
    codes = {
        diagnostic.code
        for diagnostic in compile_spec(yaml.safe_dump(document).encode(), "f").report.sorted()
    }
    assert any(code.startswith(("invalid-", "floating-")) for code in codes)


def _deepest(document: Any) -> list[jsonschema.ValidationError]:
    """The errors at the leaves: those of a branch that was tried hold the reason."""
    actual, open = [], list(CHECK.iter_errors(document))
    while open:
        error = open.pop()
        open += error.context or []
        actual += [] if error.context else [error]
    return actual


# Codes of a text, number or key that is wrong wherever it stands.
SHAPE = {
    "unknown-key", "missing-key", "wrong-type", "unknown-type", "out-of-range", "invalid-name",
    "invalid-host", "invalid-bucket", "invalid-database", "invalid-cidr", "invalid-duration",
    "invalid-image",
}  # fmt: skip


@pytest.mark.parametrize(
    "mistake",
    [mistake for mistake in mistakes() if mistake.code in SHAPE],
    ids=lambda mistake: mistake.name,
)
def test_it_refuses_every_mistake_of_the_corpus_that_is_one_of_shape(mistake: Mistake) -> None:
    assert not CHECK.is_valid(yaml.load(mistake.text, yaml.CSafeLoader))


def test_every_text_of_a_form_has_an_example_and_every_backtick_is_markdown() -> None:
    forms = [part for part in maps(SCHEMA) if "patternErrorMessage" in part]
    assert len(forms) > 400
    assert all({"examples", "default"} & part.keys() for part in forms)
    texts = [part for part in maps(SCHEMA) if "`" in str(part.get("description", ""))]
    assert len(texts) > 100
    assert all(part["markdownDescription"] == part["description"] for part in texts)


def test_every_key_is_described() -> None:
    """An editor shows something for every key of a component, a model and a workload."""
    for name in (*registry.builtin_types(), "ModelSpec", "WorkloadSpec", "Metadata", "Cluster"):
        for key, part in SCHEMA["definitions"][name]["properties"].items():
            reference = part.get("$ref", "").rpartition("/")[2]
            assert part.get("description") or SCHEMA["definitions"][reference]["description"], key


@pytest.mark.parametrize("type", registry.builtin_types())
def test_a_snippet_of_a_component_is_a_map_that_fits(type: str) -> None:
    offered = SCHEMA["properties"]["spec"]["properties"]["components"]["properties"]
    (snippet,) = offered[type]["defaultSnippets"]
    body = json.dumps(snippet["body"]) if snippet["body"] != "{}" else "{}"
    section = json.loads(re.sub(r"\$\{\d+:([^}]*)\}", r"\1", body).replace('"{}"', "{}"))
    document = load(SCENARIOS / "minimal" / "platform.yaml")
    document["spec"]["components"] = {type: section}
    assert not list(CHECK.iter_errors(document))
