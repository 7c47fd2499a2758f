"""A file that an author plants among the output: the check names it, and each way of delivery takes
listed files alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from support.command_line import run
from support.kustomize import build, by_id, write
from support.paths import SCENARIOS

from compiler import pipeline
from compiler.emit.manifests import manifests

MINIMAL = (SCENARIOS / "minimal" / "platform.yaml").read_text()
SPEC = MINIMAL.replace("spec:\n", "spec:\n  rendered: true\n")
PLANTED = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: planted, namespace: mlops}\n"
FOLDERS = (
    "base",
    "base/mlflow",
    "overlays/default",
    "overlays/default/mlflow",
    "overlays/mine",
    "out/default",
)
NAMES = ("99-planted.yaml", "planted.yml", "planted.json", ".planted.yaml")


@pytest.fixture(scope="module")
def result() -> pipeline.Compilation:
    return pipeline.compile(SPEC.encode(), "platform.yaml")


@pytest.fixture(scope="module")
def checkout(result: pipeline.Compilation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A compiled tree with a further object in each of its folders, under each name that a tool could take."""
    root = tmp_path_factory.mktemp("checkout")
    (root / "platform.yaml").write_text(SPEC)
    write(result.tree(), root)
    for folder in FOLDERS:
        (root / folder).mkdir(exist_ok=True)
        for name in NAMES:
            (root / folder / name).write_text(PLANTED)
    return root


@pytest.mark.parametrize("folder", ["overlays/default", "out/default"])
def test_kustomize_and_flux_and_argo_cd_build_the_listed_files(
    result: pipeline.Compilation, checkout: Path, folder: str
) -> None:
    """Flux and Argo CD (`--road rendered`) run `kustomize build` on the folder."""
    assert build(checkout / folder) == by_id(manifests(result.lowered["default"]))


def test_the_plugin_renders_the_spec(result: pipeline.Compilation, checkout: Path) -> None:
    words = ["argocd", "generate", "-f", str(checkout / "platform.yaml")]
    rendered = run(*words)
    assert rendered.exit_code == 0, rendered.output
    assert list(yaml.load_all(rendered.stdout, yaml.CSafeLoader)) == manifests(
        result.lowered["default"]
    )


def test_a_listed_file_would_be_built(checkout: Path, tmp_path: Path) -> None:
    """The planted object is one that kustomize builds where a kustomization lists it."""
    (tmp_path / "planted.yaml").write_text(PLANTED)
    (tmp_path / "kustomization.yaml").write_text("resources: [planted.yaml]\n")
    assert [name for _, _, _, name in build(tmp_path)] == ["planted"]


def test_the_check_names_each_planted_file(checkout: Path) -> None:
    words = ["compile", "--check", "--format", "json", "-f", str(checkout / "platform.yaml")]
    checked = run(*words)
    assert checked.exit_code == 1
    messages = [finding["message"] for finding in json.loads(checked.stdout)["diagnostics"]
                if finding["code"] == "foreign-file"]  # fmt: skip
    planted = sorted(f"`{folder}/{name}`" for folder in FOLDERS for name in NAMES)
    assert sorted(message.split(" ")[0] for message in messages) == planted
