"""The reference: every component, section and field, and the text that `platformc explain` prints of them."""

from __future__ import annotations

import pytest
import yaml
from click.testing import Result
from support import fields as fields_table
from support.command_line import run
from support.paths import ROOT

from compiler import __version__, registry
from compiler.reference import Field, field_of, paths, topics
from compiler.reference.facts import facts
from compiler.reference.markdown import page
from compiler.spec.section import fields
from compiler.validate.json_schema import json_schema


def explain(topic: str) -> Result:
    return run("explain", topic)


def test_every_component_type_and_every_field_of_it_is_explained() -> None:
    for type in registry.all_types():
        component = registry.component(type)
        assert component is not None
        keys = {key for _, key, _ in fields(component.Spec)}
        assert {field.key for field in topics()[type].fields} == keys | {"type"}


def test_every_path_can_be_asked_for() -> None:
    dotted_paths = [path for path in paths() if "." in path]
    assert len(dotted_paths) > 400
    for path in dotted_paths:
        field = field_of(path)
        assert field is not None
        assert field.path == path


@pytest.mark.parametrize("path", ["mlflow.artifacts", "spec.components.mlflow.artifacts"])
def test_a_field_has_its_type_default_and_an_example(path: str) -> None:
    printed = explain(path).stdout
    assert "type:     `direct` or `proxied`" in printed
    assert "default:  direct" in printed
    assert "example:  artifacts: proxied" in printed


def test_a_component_names_what_it_requires_and_its_own_fields_first() -> None:
    printed = explain("mlflow").stdout
    assert "backend-store: postgresql, from cloudnative-pg, external-postgres, postgres" in printed
    assert printed.index("artifacts ") < printed.index("what most components have: namespace")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("mlflow.artefacts", "mlflow.artifacts"), ("mlflw", "mlflow"), ("unknown-ky", "unknown-key")],
)
def test_a_typo_gets_the_right_one(typed: str, meant: str) -> None:
    result = explain(typed)
    assert result.exit_code == 2
    assert f"did you mean `{meant}`?" in result.stderr


def test_a_field_with_several_forms_has_an_example_in_one_of_them() -> None:
    assert "example:  tls: true\n" in explain("ceph.tls").stdout
    assert "BEGIN CERTIFICATE" in explain("login.ca").stdout


def test_the_words_that_an_editor_offers_are_explained() -> None:
    assert "such as:  sklearn, xgboost, " in explain("models.format").stdout
    assert "**Such as:** `sklearn`, `xgboost`, " in page(topics()["models"])
    uses = field_of("workloads.uses")
    assert uses is not None
    assert "mlflow" in uses.words
    assert "monitoring" not in uses.words  # a program that uses it would get nothing
    # Where the description lists the words, they are not repeated.
    assert "such as:" not in explain("feast.bind.registry").stdout


def test_an_example_is_no_character_that_a_text_may_have() -> None:
    definition = json_schema()["definitions"]["ModelSpec"]["properties"]
    assert definition["alias"]["examples"] == ["champion"]
    assert definition["model"]["examples"] == ["churn"]


def test_examples_are_yaml() -> None:
    def check(field: Field) -> None:
        value = yaml.load(f"{field.key}: {field.example}", yaml.CSafeLoader)
        assert list(value) == [field.key], field.path
        for inner in field.fields:
            check(inner)

    for topic in topics().values():
        for field in topic.fields:
            check(field)


@pytest.mark.parametrize("name", sorted(topics()))
def test_a_page_has_an_anchor_for_each_field(name: str) -> None:
    topic = topics()[name]
    text = page(topic)
    for field in topic.fields:
        local = field.path.removeprefix(f"{name}.")
        assert f"`{local}` {{: #{local.replace('.', '-')} }}" in text


def test_fields_are_entered_with_their_release() -> None:
    """`make snapshots` enters new fields, and `make release` refuses a table that lacks one."""
    assert len(fields_table.missing()) < 0.1 * len(facts()), sorted(fields_table.missing())
    assert {entry.since for entry in facts().values()} <= set(RELEASES)
    assert __version__ in RELEASES
    assert "support.fields --check" in (ROOT / "Makefile").read_text()


RELEASES = ("0.1.0",)  # published ones, and the next; a field never moves to a later one


@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("mlflow.replicas", {"Deployment", "PodDisruptionBudget"}),
        ("redis.memory", {"StatefulSet", "ConfigMap"}),
        ("postgres.storage", {"StatefulSet"}),
        ("workloads.schedule", {"CronJob"}),
        ("feast.bucket", {"ConfigMap", "Deployment"}),
    ],
)
def test_a_field_says_what_is_derived_from_it(path: str, kinds: set[str]) -> None:
    field = field_of(path)
    assert field is not None
    assert kinds <= set(field.derived)
    assert f"derived:  {', '.join(field.derived)}" in explain(path).stdout


@pytest.mark.parametrize("path", ["pgbouncer.replicas", "lakefs.replicas"])
def test_the_table_is_what_a_change_of_the_field_shows(path: str) -> None:
    specs = [fields_table.spec_of(name) for name in ("pgbouncer", "lakefs")]
    topic = topics()[path.partition(".")[0]]
    field = field_of(path)
    assert field is not None
    assert set(fields_table.derived(topic, field, specs)) <= set(field.derived)


def test_most_fields_of_components_name_what_is_derived_from_them() -> None:
    own_fields = [
        field
        for topic in topics().values()
        for field in topic.own_fields
        if topic.section.startswith("spec.components")
    ]
    named = [field.path for field in own_fields if field.derived]
    assert len(named) > 0.6 * len(own_fields), sorted({f.path for f in own_fields} - set(named))
