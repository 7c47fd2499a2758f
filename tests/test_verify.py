"""The schema check in this process and the real kubeconform agree on right and wrong objects."""

from __future__ import annotations

import copy
import json
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.programs import tool
from support.scenarios import compiled, scenario_names

from compiler.emit.manifests import manifests
from compiler.kube import yaml
from compiler.verify import problems
from compiler.verify.kubeconform import command

Manifest = dict[str, Any]


def kubeconform(folder: Path) -> dict[str, list[str]]:
    """The status of each object of a folder, by the name of its file.

    kubeconform reads its schemas at each start, so it checks all files in one run.
    """
    _, *options = command("-output", "json", "-verbose", str(folder))
    words = [tool("kubeconform"), *options]
    process = subprocess.run(words, capture_output=True, text=True, check=False)
    statuses = defaultdict(list)
    for resource in json.loads(process.stdout)["resources"]:
        statuses[Path(resource["filename"]).stem].append(resource["status"])
    return statuses


def objects_of(scenario: str) -> list[str]:
    """The objects of all environments, equal ones once."""
    return sorted(
        {
            yaml.dump(manifest)
            for lowered in compiled(scenario).lowered.values()
            for manifest in manifests(lowered)
        }
    )


@pytest.fixture(scope="module")
def scenario_statuses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    folder = tmp_path_factory.mktemp("scenarios")
    for scenario in scenario_names():
        (folder / f"{scenario}.yaml").write_text(yaml.dump_all(objects_of(scenario)))
    return kubeconform(folder)


@pytest.mark.parametrize("scenario", scenario_names())
def test_both_accept_every_object_of_a_scenario(
    scenario: str, scenario_statuses: dict[str, list[str]]
) -> None:
    assert scenario_statuses[scenario] == ["statusValid"] * len(objects_of(scenario))


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


BROKEN = list(broken())


@pytest.fixture(scope="module")
def broken_statuses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    folder = tmp_path_factory.mktemp("broken")
    for number, (_, manifest) in enumerate(BROKEN):
        (folder / f"{number}.yaml").write_text(yaml.dump(manifest))
    return kubeconform(folder)


@pytest.mark.parametrize("number", range(len(BROKEN)), ids=[mutation for mutation, _ in BROKEN])
def test_both_refuse_what_is_broken(number: int, broken_statuses: dict[str, list[str]]) -> None:
    _, manifest = BROKEN[number]
    assert (broken_statuses[str(number)] == ["statusValid"]) == (not list(problems(manifest)))


def test_a_problem_names_its_place() -> None:
    manifest = copy.deepcopy(manifests(compiled("minimal").lowered[None])[0])
    manifest["metadata"]["labels"]["a"] = 1
    (problem,) = problems(manifest)
    assert problem.startswith("/metadata/labels/a: ")


def test_a_problem_has_the_words_of_json() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}
    spec = {"ports": None, "selector": {"a": True}, "externalName": ["a", None]}
    found_problems = list(problems({**service, "spec": spec}))
    assert any("/spec/selector/a: true is not of type" in problem for problem in found_problems)
    assert any('/spec/externalName: ["a", null] is not' in problem for problem in found_problems)


def test_every_sort_of_name_without_a_schema_is_a_problem() -> None:
    for version, kind in (("v1", "Nonsense"), ("../v1", "Pod"), ("a/b/c", "X"), ("", "")):
        assert "no schema" in next(problems({"apiVersion": version, "kind": kind}))
