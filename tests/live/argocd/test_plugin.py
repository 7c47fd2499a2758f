"""The plugin in the real argocd-cmp-server (3.5.7), over its own protocol, as its sidecar runs it:
a clean environment, user 999 where the tests may choose, and a tree streamed for each request."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler import pipeline
from compiler.delivery.argocd.plugin import PARAMETERS
from compiler.emit.manifests import manifests
from live.argocd.sidecar import COMMIT, SPEC, Sidecar, running

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def sidecar() -> Iterator[Sidecar]:
    with running() as sidecar:
        yield sidecar


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with the reference platform and nothing else."""
    shutil.copy(SPEC, tmp_path / "platform.yaml")
    return tmp_path


def test_it_recognises_a_platform_and_announces_its_parameters(
    sidecar: Sidecar, tree: Path
) -> None:
    answer = sidecar.ask(tree, environment="dev")
    assert answer["supported"] is True
    assert [parameter["name"] for parameter in answer["announced"]] == list(PARAMETERS)


def test_it_leaves_other_directories_alone(sidecar: Sidecar, tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: []\n")
    answer = sidecar.ask(tmp_path)
    assert answer["supported"] is False


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_it_renders_what_the_compiler_renders(
    sidecar: Sidecar, tree: Path, environment: str
) -> None:
    actual = sidecar.ask(tree, environment=environment)["manifests"]
    result = pipeline.compile(SPEC.read_bytes(), "platform.yaml")
    assert actual == manifests(result.lowered[environment])


def test_it_renders_one_component_at_a_pinned_commit(sidecar: Sidecar, tree: Path) -> None:
    environment = {"environment": "dev", "component": "mlflow"}
    actual = sidecar.ask(tree, revision=COMMIT, **environment)["manifests"]
    assert actual
    owners = {manifest["metadata"]["labels"]["app.kubernetes.io/instance"] for manifest in actual}
    assert owners == {"mlflow"}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "the parameter `environment` is missing"),
        ({"environment": "prd"}, "did you mean `prod`?"),
        ({"environment": "dev", "component": "nothing"}, "no component `nothing`"),
    ],
)
def test_what_is_wrong_reaches_the_user(
    sidecar: Sidecar, tree: Path, parameters: dict[str, str], message: str
) -> None:
    with pytest.raises(RuntimeError) as raised:
        sidecar.ask(tree, **parameters)
    assert message in str(raised.value)


def test_a_broken_spec_fails_with_its_diagnostic(sidecar: Sidecar, tree: Path) -> None:
    spec = tree / "platform.yaml"
    spec.write_text(spec.read_text().replace("postgres:", "postgers:"))
    with pytest.raises(RuntimeError) as raised:
        sidecar.ask(tree, environment="dev")
    assert "did you mean `postgres`?" in str(raised.value)


def test_an_empty_platform_fails(sidecar: Sidecar, tree: Path) -> None:
    (tree / "platform.yaml").write_text(
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: p}\nspec: {}\n"
    )
    with pytest.raises(RuntimeError) as raised:
        sidecar.ask(tree)
    assert "would delete all" in str(raised.value)


def test_it_writes_nothing_into_the_tree(sidecar: Sidecar, tree: Path) -> None:
    sidecar.ask(tree, environment="dev")
    assert [path.name for path in tree.iterdir()] == ["platform.yaml"]
    leftovers = [path for path in (sidecar.folder / "work").rglob("*") if path.is_file()]
    assert leftovers == []
