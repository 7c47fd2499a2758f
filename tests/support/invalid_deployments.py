"""Deployments that fit their schema but are refused, each by a value at one place of its pod."""

from __future__ import annotations

import copy
from typing import Any

POD = "/spec/template/spec"
CONTAINER = f"{POD}/containers/0"
Case = tuple[dict[str, Any], str]  # the fields of the container or pod; the place of the mistake

_IN_POD: dict[str, tuple[dict[str, Any], str]] = {
    "a volume of a nameless ConfigMap": ({"configMap": {}}, "configMap/name"),
    "a volume of a nameless Secret": ({"secret": {}}, "secret/secretName"),
    "a projected, nameless ConfigMap": (
        {"projected": {"sources": [{"configMap": {}}]}}, "projected/sources/0/configMap/name",
    ),
    "a projected, nameless Secret": (
        {"projected": {"sources": [{"secret": {}}]}}, "projected/sources/0/secret/name",
    ),
    "a volume of two types": ({"secret": {"secretName": "a"}, "configMap": {"name": "b"}}, ""),
}  # fmt: skip
_SELECTORS: dict[str, Case] = {
    "a selector of nodes with a space": ({"nodeSelector": {"a b": "x"}}, "nodeSelector/a b"),
    "a selector of nodes with a line break": ({"nodeSelector": {"a": "x\ny"}}, "nodeSelector/a"),
}
_IN_CONTAINER: dict[str, Case] = {
    "a variable of a nameless Secret": (
        {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"key": "k"}}}]},
        "env/0/valueFrom/secretKeyRef/name",
    ),
    "a variable of a nameless ConfigMap": (
        {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"key": "k"}}}]},
        "env/0/valueFrom/configMapKeyRef/name",
    ),
    "a variable with a sign in its name": ({"env": [{"name": "A=B", "value": "a"}]}, "env/0/name"),
    "a variable from nothing": ({"env": [{"name": "A", "valueFrom": {}}]}, "env/0/valueFrom"),
    "a variable with a value and a source": (
        {"env": [{"name": "A", "value": "a",
                  "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]},
        "env/0",
    ),
    "variables of a nameless Secret": ({"envFrom": [{"secretRef": {}}]}, "envFrom/0/secretRef/name"),
    "variables of a nameless ConfigMap": (
        {"envFrom": [{"configMapRef": {}}]}, "envFrom/0/configMapRef/name",
    ),
    "variables from nothing": ({"envFrom": [{"prefix": "A_"}]}, "envFrom/0"),
    "a probe that asks in two ways": (
        {"readinessProbe": {"httpGet": {"port": 80}, "tcpSocket": {"port": 80}}}, "readinessProbe",
    ),
    "a probe that asks nothing": ({"livenessProbe": {"periodSeconds": 3}}, "livenessProbe"),
    "more than it may have": (
        {"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "500m"}}},
        "resources/requests/cpu",
    ),
    "an amount that is none": (
        {"resources": {"requests": {"cpu": "much"}, "limits": {"cpu": "1"}}},
        "resources/requests/cpu",
    ),
}  # fmt: skip


def deployment() -> dict[str, Any]:
    """One that is accepted."""
    labels = {"app": "any"}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "any", "namespace": "default"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": dict(labels)},
                "spec": {"containers": [{"name": "any", "image": "registry.example.com/any:1"}]},
            },
        },
    }  # fmt: skip


def refused() -> dict[str, tuple[dict[str, Any], str]]:
    """Each with the place that is to blame, by its mistake."""
    actual = {}
    for name, (volume, at) in _IN_POD.items():
        pointer = f"{POD}/volumes/0/{at}".rstrip("/")
        actual[name] = (_with(pod={"volumes": [{"name": "any", **volume}]}), pointer)
    for name, (fields, at) in _SELECTORS.items():
        actual[name] = (_with(pod=fields), f"{POD}/{at}")
    for name, (fields, at) in _IN_CONTAINER.items():
        actual[name] = (_with(container=fields), f"{CONTAINER}/{at}")
    return actual


def _with(
    pod: dict[str, Any] | None = None, container: dict[str, Any] | None = None
) -> dict[str, Any]:
    changed_deployment = copy.deepcopy(deployment())
    spec = changed_deployment["spec"]["template"]["spec"]
    spec.update(pod or {})
    spec["containers"][0].update(container or {})
    return changed_deployment
