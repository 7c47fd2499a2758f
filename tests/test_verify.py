"""The schema check in this process and the real kubeconform agree on right and wrong objects."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from support.programs import tool
from support.scenarios import compiled, scenario_names

from compiler import KUBERNETES_SCHEMAS
from compiler.emit.manifests import manifests, render
from compiler.verify import problems
from compiler.verify.schemas import schemas

Manifest = dict[str, Any]


def kubeconform(text: str) -> list[str]:
    folder = schemas()
    process = subprocess.run(
        [
            tool("kubeconform"), "-strict", "-output", "json",
            "-schema-location",
            f"{folder}/{KUBERNETES_SCHEMAS}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
            "-schema-location",
            f"{folder}/crds/{{{{.Group}}}}/{{{{.ResourceKind}}}}_{{{{.ResourceAPIVersion}}}}.json",
            "-verbose", "-",
        ],
        input=text, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return [resource["status"] for resource in json.loads(process.stdout)["resources"]]


@pytest.mark.parametrize("scenario", scenario_names())
def test_both_accept_every_object_of_a_scenario(scenario: str) -> None:
    for environment in compiled(scenario).environments:
        lowered = compiled(scenario).lowered[environment]
        statuses = kubeconform(render(lowered))
        assert set(statuses) == {"statusValid"}
        assert len(statuses) == len(manifests(lowered))


def broken() -> Iterator[tuple[str, Manifest]]:
    """One object of each kind, broken in the ways in which people break them."""
    kinds: dict[str, Manifest] = {}
    for scenario in scenario_names():
        for manifest in manifests(compiled(scenario).lowered[None]):
            kinds.setdefault(manifest["kind"], manifest)
    for kind, manifest in sorted(kinds.items()):
        for mutation, changed in _mutations(manifest):
            yield f"{kind}: {mutation}", changed


def _mutations(manifest: Manifest) -> Iterator[tuple[str, Manifest]]:
    unknown = copy.deepcopy(manifest)
    unknown["spce"] = {}
    yield "unknown key at the root", unknown
    wrong = copy.deepcopy(manifest)
    wrong["metadata"]["labels"] = {"a": 1}
    yield "a number for a label", wrong
    nameless = copy.deepcopy(manifest)
    nameless["metadata"]["nmae"] = nameless["metadata"].pop("name")
    yield "a misspelt name", nameless
    version = copy.deepcopy(manifest)
    version["apiVersion"] = "nowhere.example.com/v9"
    yield "an unknown version", version
    if isinstance(manifest.get("spec"), dict):
        spec = copy.deepcopy(manifest)
        spec["spec"]["unheardOf"] = True
        yield "unknown key in the spec", spec
        text = copy.deepcopy(manifest)
        text["spec"] = "text"
        yield "text for the spec", text


@pytest.mark.parametrize(
    ("mutation", "manifest"), list(broken()), ids=lambda value: str(value)[:40]
)
def test_both_refuse_what_is_broken(mutation: str, manifest: Manifest) -> None:
    own_refusal = bool(list(problems(manifest)))
    kubeconform_refusal = kubeconform(yaml.safe_dump(manifest)) != ["statusValid"]
    assert own_refusal == kubeconform_refusal, mutation


def test_a_problem_names_its_place() -> None:
    manifest = copy.deepcopy(manifests(compiled("minimal").lowered[None])[0])
    manifest["metadata"]["labels"]["a"] = 1
    (problem,) = problems(manifest)
    assert problem.startswith("/metadata/labels/a: ")


def test_every_sort_of_name_without_a_schema_is_a_problem() -> None:
    for version, kind in (("v1", "Nonsense"), ("../v1", "Pod"), ("a/b/c", "X"), ("", "")):
        assert "no schema" in next(problems({"apiVersion": version, "kind": kind}))
