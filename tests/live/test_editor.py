"""What an editor offers in `platform.yaml`, asked of the real YAML language server by its protocol."""

from __future__ import annotations

from collections.abc import Iterator

import jsonschema
import pytest
import yaml
from support.diagnosing import HEADER, compiled
from support.paths import ROOT

from compiler import registry
from compiler.validate.json_schema import json_schema
from live.language_server import Editor, editor

pytestmark = pytest.mark.live
CHECK = jsonschema.Draft7Validator(json_schema())
COMPONENTS = f"{HEADER}spec:\n  components:\n"


@pytest.fixture(scope="module")
def open_editor() -> Iterator[Editor]:
    with editor(ROOT / "schemas" / "platform.schema.json") as session:
        yield session


@pytest.mark.parametrize("type", registry.builtin_types())
def test_completing_an_instance_writes_a_usable_map(type: str, open_editor: Editor) -> None:
    item = open_editor.completions(f"{COMPONENTS}    {type[:2]}|\n")[type]
    written = open_editor.completed(f"{COMPONENTS}    {type[:2]}|\n", type)
    section = yaml.safe_load(written)["spec"]["components"][type]
    assert isinstance(section, dict), written
    assert not list(CHECK.iter_errors(yaml.safe_load(written)))
    assert item["documentation"], "the component's description"
    wrong = {
        "unknown-key",
        "wrong-type",
        "missing-key",
        "null-value",
        "invalid-yaml",
        "invalid-value",
    }
    codes = {finding.code for finding in compiled(written.encode()).report.diagnostics}
    assert not codes & wrong, written


@pytest.mark.parametrize(("section", "label"), [("models", "a model"), ("workloads", "a workload")])
def test_completing_a_model_or_workload_writes_a_usable_map(
    section: str, label: str, open_editor: Editor
) -> None:
    written = open_editor.completed(f"{HEADER}spec:\n  {section}:\n    |\n", label)
    assert list(yaml.safe_load(written)["spec"][section]) == ["name"]
    assert not list(CHECK.iter_errors(yaml.safe_load(written)))


def test_every_type_completes(open_editor: Editor) -> None:
    offered = open_editor.completions(f"{COMPONENTS}    store:\n      type: |\n")
    assert set(offered) == set(registry.all_types())


def test_every_format_completes(open_editor: Editor) -> None:
    offered = open_editor.completions(f"{HEADER}spec:\n  models:\n    m:\n      format: |\n")
    assert {"sklearn", "xgboost", "vllm", "huggingface", "triton", "onnx"} <= set(offered)


@pytest.mark.parametrize("text", ["uses: [|]", "uses:\n        - |"])
def test_uses_completes_with_what_has_clients(text: str, open_editor: Editor) -> None:
    offered = open_editor.completions(
        f"{HEADER}spec:\n  workloads:\n    w:\n      image: a.b/c:1.0\n      {text}\n"
    )
    assert {"mlflow", "feast", "lakefs", "external-service", "seaweedfs"} <= set(offered)
    assert not {"istio", "kserve", "knative"} & set(offered)


@pytest.mark.parametrize(
    ("section", "type"),
    [
        ("transformer:\n        uses: [|]", "redis"),
        ("logger:\n        sink: |", "external-service"),
    ],
)
def test_what_requests_pass_completes(section: str, type: str, open_editor: Editor) -> None:
    offered = open_editor.completions(f"{HEADER}spec:\n  models:\n    m:\n      {section}\n")
    assert type in offered
    assert not {"istio", "kserve", "knative"} & set(offered)


@pytest.mark.parametrize(
    ("type", "slot", "provider"),
    [("mlflow", "artifacts", "seaweedfs"), ("feast", "online-store", "redis"), ("lakefs", "metadata", "postgres")],
)  # fmt: skip
def test_bind_completes_with_slots_and_their_providers(
    type: str, slot: str, provider: str, open_editor: Editor
) -> None:
    front = f"{COMPONENTS}    {type}:\n      bind:\n        "
    assert slot in open_editor.completions(f"{front}|\n")
    assert provider in open_editor.completions(f"{front}{slot}: |\n")


def test_a_hover_is_markdown(open_editor: Editor) -> None:
    hover_text = open_editor.hover(f"{COMPONENTS}    mlflow: {{artif|acts: direct}}\n")
    assert "Default: `direct`." in hover_text
    assert "* `proxied`" in hover_text


@pytest.mark.parametrize("word", ["mod|els", "work|loads", "comp|onents", "envir|onments"])
def test_every_section_has_a_hover(word: str, open_editor: Editor) -> None:
    hover_text = open_editor.hover(f"{HEADER}spec:\n  {word}: {{}}\n")
    assert "\n\n" in hover_text.partition("Source:")[0].strip(), hover_text


def test_a_wrong_value_is_marked_in_the_languages_words(open_editor: Editor) -> None:
    problems = open_editor.problems(f"{COMPONENTS}    postgres: {{storage: 20GB}}\n")
    assert any("This is not an amount of bytes" in text for text in problems), problems
