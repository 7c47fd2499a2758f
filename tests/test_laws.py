"""Laws of every platform, drawn at random from the language."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from compiler.emit.manifests import manifests
from compiler.model.graph import Graph
from compiler.pipeline import Compilation
from compiler.pipeline import compile as compile_spec

Spec = dict[str, Any]
quick = settings(max_examples=25)

stores = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("seaweedfs"), "storage": st.sampled_from(["1Gi", "2Ti"])}
    ),
    st.fixed_dictionaries({"type": st.just("minio"), "replicas": st.sampled_from([1, 4, 8])}),
    st.fixed_dictionaries({"type": st.just("external-s3"), "host": st.just("s3.example.com")}),
)
databases = st.one_of(
    st.fixed_dictionaries({"type": st.just("postgres"), "maxConnections": st.integers(200, 500)}),
    st.fixed_dictionaries(
        {"type": st.just("external-postgres"), "host": st.just("db.example.com")}
    ),
)
spaces = st.sampled_from(["mlops", "storage", "science"])
trackers = st.fixed_dictionaries(
    {"type": st.just("mlflow")},
    optional={
        "replicas": st.integers(1, 3),
        "artifacts": st.sampled_from(["direct", "proxied"]),
        "smoke": st.booleans(),
        "namespace": spaces,
    },
)
workloads = st.fixed_dictionaries(
    {"image": st.just("registry.example.com/w:1"), "uses": st.just(["tracking"])},
    optional={
        "schedule": st.sampled_from(["0 2 * * *", "@daily"]),
        "namespace": spaces,
        "env": st.dictionaries(st.sampled_from(["A", "B"]), st.text(st.characters(codec="ascii", exclude_categories=["Cc"]))),
    },
)  # fmt: skip


@st.composite
def platforms(draw: st.DrawFn) -> Spec:
    components: Spec = {
        "store": draw(stores),
        "database": draw(databases),
        "tracking": draw(trackers),
    }
    if draw(st.booleans()):
        components["pool"] = {"type": "pgbouncer", "replicas": draw(st.integers(1, 2))}
    overrides: Spec = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "namespace": spaces,
                "components": st.fixed_dictionaries(
                    {},
                    optional={"tracking": st.fixed_dictionaries({"replicas": st.integers(1, 4)})},
                ),
            },
        )
    )
    return {
        "apiVersion": "platformc/v1alpha1",
        "kind": "Platform",
        "metadata": {"name": "random"},
        "spec": {
            "components": components,
            "workloads": draw(st.dictionaries(st.sampled_from(["one", "two"]), workloads)),
            "environments": {"dev": {}, "prod": overrides},
        },
    }


def compiled(spec: Spec) -> Compilation:
    result = compile_spec(json.dumps(spec).encode(), "platform.yaml")
    assert not result.report.failed, result.report.sorted()
    return result


def reordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in sorted(value, reverse=True)}
    if isinstance(value, list):
        return [reordered(element) for element in value]
    return value


@given(platforms())
@quick
def test_compiling_twice_or_with_keys_reordered_or_commented_gives_the_same_bytes(
    spec: Spec,
) -> None:
    tree = compiled(spec).tree()
    assert tree == compiled(spec).tree()
    # Through JSON, so that no two values are one object and become an alias.
    # As JSON: PyYAML leaves out the quotes of a text such as `0E0`, which YAML 1.2 reads as a number.
    text = json.dumps(reordered(spec), indent=2)
    recompiled = compile_spec(f"# a comment\n{text}".encode(), "platform.yaml")
    assert tree == recompiled.tree()


@given(platforms())
@quick
def test_an_unrelated_component_changes_only_its_own_folder_and_the_aggregates(spec: Spec) -> None:
    # Named, since a second store would leave it open which of them is meant.
    spec["spec"]["components"]["tracking"]["bind"] = {"artifacts": "store"}
    before = compiled(spec).tree()
    spec["spec"]["components"]["unrelated"] = {"type": "seaweedfs"}
    after = compiled(spec).tree()
    changed = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    aggregates = ("/unrelated/", "/namespaces/", "/kustomization.yaml")
    assert all(any(part in path for part in aggregates) for path in changed)
    assert {path for path in changed if path.startswith("base/")} == {
        path
        for path in after
        if path.startswith(("base/unrelated/", "base/namespaces/")) and path in changed
    }


@given(platforms())
@quick
def test_each_binding_has_one_ingress_rule_at_its_provider_and_no_rule_is_without_one(
    spec: Spec,
) -> None:
    result = compiled(spec)
    for environment in result.environments:
        bound = {
            (binding.label, binding.provider.namespace)
            for binding in result.graphs[environment].bindings
            if not binding.offer.external
        }
        admitted = [
            (label, policy["metadata"]["namespace"])
            for policy in manifests(result.lowered[environment])
            if policy["kind"] == "NetworkPolicy"
            for rule in policy["spec"].get("ingress", [])
            for peer in rule.get("from", [])
            for label in peer["podSelector"]["matchLabels"]
            if label.startswith("uses.")
        ]
        # A rule has one peer for each client namespace.
        assert set(admitted) == bound


@given(platforms())
@quick
def test_every_pod_is_hardened(spec: Spec) -> None:
    result = compiled(spec)
    for manifest in manifests(result.lowered["prod"]):
        for pod in _pods(manifest):
            assert pod["automountServiceAccountToken"] is False
            assert pod["enableServiceLinks"] is False
            assert pod["securityContext"]["runAsNonRoot"] is True
            for container in [*pod.get("initContainers", []), *pod["containers"]]:
                context = container["securityContext"]
                assert context["readOnlyRootFilesystem"] is True
                assert context["capabilities"] == {"drop": ["ALL"]}
                assert set(container["resources"]["limits"]) >= {"cpu", "memory"}


def _pods(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        if "containers" in value:
            return [value]
        return [pod for inner in value.values() for pod in _pods(inner)]
    if isinstance(value, list):
        return [pod for inner in value for pod in _pods(inner)]
    return []


@given(platforms(), st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1))
@quick
def test_no_environment_value_changes_the_structure(spec: Spec, value: str) -> None:
    spec["spec"]["workloads"]["one"] = {
        "image": "registry.example.com/w:1", "env": {"X": value}, "uses": ["tracking"],
    }  # fmt: skip
    result = compile_spec(json.dumps(spec).encode(), "platform.yaml")
    assume(not result.report.failed)  # a value may look like a credential
    text = result.tree(rendered=())["base/one/cronjob-one.yaml"]
    (pod,) = _pods(yaml.load(text, yaml.CSafeLoader))
    assert {"name": "X", "value": value} in pod["containers"][0]["env"]


PROVIDERS_FOR_CLIENTS = [
    "argo-workflows",
    "dvc",
    "feast",
    "mlflow",
    "postgres",
    "redis",
    "seaweedfs",
]


@given(st.sets(st.sampled_from(PROVIDERS_FOR_CLIENTS), min_size=1))
@quick
def test_the_settings_for_a_provider_do_not_depend_on_the_other_providers_of_a_client(
    used: set[str],
) -> None:
    single_uses = {f"clientof{name.replace('-', '')}": [name] for name in used}
    spec = {
        "components": {
            "seaweedfs": {}, "postgres": {}, "redis": {}, "feast": {"offlineStore": "duckdb"},
            "mlflow": {"bucket": "artifacts", "smoke": False}, "argo-workflows": {"archive": False},
            "dvc": {"remotes": {"data": {"bucket": "data"}}, "externalEndpoint": "http://localhost"},
        },
        "workloads": {
            name: {"image": "registry.example.com/w:1", "uses": uses}
            for name, uses in {"clientofall": sorted(used), **single_uses}.items()
        },
        "environments": {"default": {}},
    }  # fmt: skip
    header = {"apiVersion": "platformc/v1alpha1", "kind": "Platform", "metadata": {"name": "law"}}
    graph = compiled({**header, "spec": spec}).graphs[None]
    union = settings_by_slot(graph, "clientofall")
    for client in single_uses:
        assert settings_by_slot(graph, client).items() <= union.items()


def settings_by_slot(graph: Graph, client: str) -> dict[str, str]:
    """The variables and files of a client, by slot, without the client's name."""
    return {
        slot: f"{endpoint.env()} {endpoint.files()}".replace(client, "CLIENT")
        for slot, endpoint in graph.wiring(client).named
    }
