"""A fleet's network policies are few, and let each model be called by its own callers alone."""

from __future__ import annotations

from collections import defaultdict

import pytest
from support.reachability import Network, Pod

from compiler import pipeline
from compiler.derive.called_models import MOST_MODELS
from compiler.emit.manifests import manifests
from compiler.kube.labels import COMPONENT, INSTANCE
from compiler.model.instance import PREFIX
from compiler.model.manifest import Manifest
from compiler.model.resource import pod_template

MODELS = [f"model-{index:03}" for index in range(130)]
USES = {
    "all": MODELS,
    "half": MODELS[:65],
    "notebook": MODELS[-1:],  # runs elsewhere: no label of the platform's selects its pods
}
PORT = 8080


@pytest.fixture(scope="module")
def objects() -> list[Manifest]:
    models = "".join(
        f"    {name}: {{format: sklearn, uri: s3://models/{name}/v1}}\n" for name in MODELS
    )
    callers = "".join(
        f"    {name}: {{{'run: elsewhere' if name == 'notebook' else 'image: registry.example.internal/a:1'}, "
        f"namespace: {name}, uses: [{', '.join(uses)}]}}\n"
        for name, uses in USES.items()
    )
    text = (
        "apiVersion: platformc/v1alpha1\nkind: Platform\nmetadata: {name: fleet}\nspec:\n"
        "  components: {seaweedfs: {}, kserve: {mode: standard}}\n"
        f"  models:\n{models}  workloads:\n{callers}"
    )
    result = pipeline.compile(text.encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    return manifests(result.lowered["default"])


def policies(objects: list[Manifest]) -> list[Manifest]:
    return [manifest for manifest in objects if manifest["kind"] == "NetworkPolicy"]


def test_policies_are_few_and_of_bounded_size(objects: list[Manifest]) -> None:
    to_models = [
        policy["spec"]["podSelector"]["matchExpressions"][0]["values"]
        for policy in policies(objects)
        if policy["spec"]["podSelector"].keys() == {"matchLabels", "matchExpressions"}
    ]
    assert sorted(name for names in to_models for name in names) == MODELS[:-1]
    assert max(map(len, to_models)) <= MOST_MODELS
    assert len(policies(objects)) < 40


def test_each_model_has_its_own_callers(objects: list[Manifest]) -> None:
    by_namespace: dict[str, list[Manifest]] = defaultdict(list)
    for policy in policies(objects):
        by_namespace[policy["metadata"]["namespace"]].append(policy)
    spaces = {*by_namespace, *USES}
    network = Network(
        by_namespace, {space: {"kubernetes.io/metadata.name": space} for space in spaces}
    )
    targets = {
        name: Pod(name, "mlops", {COMPONENT: "model", INSTANCE: name}, frozenset({PORT}))
        for name in MODELS
    }
    for caller, uses in USES.items():
        source = Pod(caller, caller, _labels(objects, caller))
        reached = [
            name for name, target in targets.items() if network.connects(source, target, PORT)
        ]
        assert reached == uses


def _labels(objects: list[Manifest], caller: str) -> dict[str, str]:
    if caller == "notebook":
        return {f"uses.{PREFIX}/{name}-inference": "true" for name in USES[caller]}
    templates = [
        template
        for manifest in objects
        if manifest["metadata"]["name"].startswith(caller)
        and (template := pod_template(manifest)) is not None
    ]
    labels: dict[str, str] = templates[0]["metadata"]["labels"]
    return labels


def test_another_caller_changes_no_server(objects: list[Manifest]) -> None:
    """A new label of a model's pods would start them anew."""
    served = [manifest for manifest in objects if manifest["kind"] == "InferenceService"]
    assert len(served) == len(MODELS)
    keys = {key for manifest in served for key in manifest["metadata"]["labels"]}
    assert not [key for key in keys if "inference" in key or "call" in key]
