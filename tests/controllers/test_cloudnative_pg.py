"""The demands of CloudNativePG's webhooks on our objects, over scenarios and over sizes."""

from __future__ import annotations

from typing import Any

import pytest
from support.cluster import environments, objects, objects_of
from support.sizes import codes, lowered

from controllers.cnpg_webhook import refusals

CLUSTERS = [
    (scenario, environment)
    for scenario, environment in environments()
    if any(manifest["kind"] == "Cluster" for manifest in objects(scenario, environment))
]


def clusters_in(manifests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [manifest for manifest in manifests if manifest["kind"] == "Cluster"]


@pytest.mark.parametrize(("scenario", "environment"), CLUSTERS)
def test_the_operator_takes_every_cluster(scenario: str, environment: str) -> None:
    for cluster in clusters_in(objects(scenario, environment)):
        assert refusals(cluster) == []


@pytest.mark.parametrize(
    "fields",
    [
        "resources: {limits: {memory: 4Gi}}",
        "resources: {limits: {memory: 700Gi}}",
        "resources: {requests: {memory: 6Gi}}",
        "resources: {requests: {memory: 1Gi}, limits: {memory: 4Gi}}",
        "resources: {limits: {memory: 6000M}}",
        "maxConnections: 1000",
        "maxConnections: 10000, replicas: 3",
        "storage: 256Mi",
        "storage: 640Mi",
        "storage: 700Mi",
        "storage: 8Gi",
        'image: "ghcr.io/cloudnative-pg/postgresql:17.6@sha256:' + "a" * 64 + '"',
    ],
)
def test_the_operator_takes_sizes(fields: str) -> None:
    (cluster,) = clusters_in(objects_of(lowered(f"    cloudnative-pg: {{{fields}}}")))
    assert refusals(cluster) == []


def test_a_request_below_the_shared_buffers_is_refused_here() -> None:
    def names(request: str, component: str = "cloudnative-pg") -> list[str]:
        amounts = f"{{requests: {{memory: {request}}}, limits: {{memory: 4Gi}}}}"
        return codes(f"    {component}: {{resources: {amounts}}}")

    assert names("1Gi") == []
    assert names("1023Mi") == ["memory-limit"]
    assert names("1023Mi", "postgres") == []  # no webhook looks at it


@pytest.mark.parametrize("reference", ["postgresql@sha256:" + "a" * 64, "postgresql:custom"])
def test_an_image_without_a_version_is_refused_here(reference: str) -> None:
    image = f"registry.example.internal/cloudnative-pg/{reference}"
    assert codes(f'    cloudnative-pg: {{image: "{image}"}}') == ["invalid-image"]
