"""Two ways, one result: kustomize builds the lowered objects, one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.kustomize import Objects, build, by_id, write
from support.paths import ROOT
from support.scenarios import compiled, scenario_names

from compiler import pipeline
from compiler.emit.manifests import manifests
from compiler.emit.shards import MOST_OBJECTS
from compiler.model.credential import Random
from compiler.pipeline import Compilation


def roots(folder: Path, environment: str) -> list[Path]:
    listed = folder / "overlays" / environment / "ROOTS"
    names = listed.read_text().splitlines() if listed.exists() else [f"overlays/{environment}"]
    return [folder / name for name in names]


def assert_equal(result: Compilation, folder: Path) -> None:
    write(result.tree(), folder)
    for environment in result.environments:
        built: Objects = {}
        for root in roots(folder, environment):
            built |= build(root)
        assert built == by_id(manifests(result.lowered[environment]))


@pytest.mark.parametrize("scenario", scenario_names())
def test_a_scenario_builds_to_what_was_lowered(scenario: str, tmp_path: Path) -> None:
    assert_equal(compiled(scenario), tmp_path)


LARGE_SPEC = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: many}
spec:
  components: {seaweedfs: {}, postgres: {maxConnections: 400}, mlflow: {}}
  workloads:
""" + "".join(
    f"    job-{index:03}: {{image: 'r.example.com/job:1', uses: [mlflow]}}\n"
    for index in range(120)
)


def test_workloads_in_pieces_build_to_what_was_lowered(tmp_path: Path) -> None:
    """Too many for one root, they have their own roots, none of them too large."""
    result = pipeline.compile(LARGE_SPEC.encode(), "platform.yaml")
    assert_equal(result, tmp_path)
    listed = roots(tmp_path, "default")
    assert len(listed) > 2
    assert max(len(build(root)) for root in listed) <= MOST_OBJECTS
    after = pipeline.compile(
        LARGE_SPEC.replace("job-119", "job-120").encode(), "platform.yaml"
    ).tree()
    before = result.tree()
    touched = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    pieces = {path for path in touched if path.startswith("overlays/default/workloads/")}
    assert len(pieces) <= 2  # the one that loses a job, and the one that gains it


def test_the_reference_builds_to_what_was_lowered(tmp_path: Path) -> None:
    result = pipeline.compile((ROOT / "platform.yaml").read_bytes(), "platform.yaml")
    assert_equal(result, tmp_path)
    built = build(tmp_path / "out" / "prod")
    assert built == by_id(manifests(result.lowered["prod"]))


def test_the_reference_is_compiled_as_committed() -> None:
    tree = pipeline.compile((ROOT / "platform.yaml").read_bytes(), "platform.yaml").tree()
    for path, text in tree.items():
        assert (ROOT / path).read_text() == text, f"{path} is stale; run `make compile`"


def test_secrets_build_without_the_rest_knowing_their_values(tmp_path: Path) -> None:
    from compiler.secrets import local

    result = compiled("namespace-per-component")
    write(result.tree(), tmp_path)
    lowered = result.lowered["default"]
    local.generate(lowered.credentials, "default", tmp_path)
    built = build(tmp_path / "secrets" / "default")
    secrets = [id for id in built if id[1] == "Secret"]
    assert {(id[3], id[2]) for id in secrets} == {
        (credential.name, space)
        for credential in lowered.credentials
        for space in credential.namespaces
    }
    random = {credential.name: {key for key, kind in credential.keys.items() if isinstance(kind, Random)}
              for credential in lowered.credentials}  # fmt: skip
    values = {built[id]["stringData"][key] for id in secrets for key in random[id[3]]}
    text = "".join(result.tree().values())
    assert values
    assert not [value for value in values if value in text]
