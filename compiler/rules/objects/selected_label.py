"""Labels by which network policies select the pods of an operator or of another system.

The compiler refuses its own labels in every spec (`rules/invalid_label.py`). The labels of other systems' pods
are in the policies that select them, such as CloudNativePG's `cnpg.io/cluster`: any pod with such a
label would get the connections of those pods.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler.diagnostics import Report
from compiler.kube.network_policy import NAMESPACE
from compiler.model import Instance, Lowered, Manifest, Path, Platform
from compiler.rules.invalid_label import HELP

Selection = tuple[str, str, str]  # namespace, label, value


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    labelled = [
        (instance, {resource.namespace for resource in package.resources})
        for package in lowered.all_packages
        if (instance := package.instance) is not None and (platform.labels or instance.spec.labels)
    ]
    selections = set(_selections(lowered)) if labelled else set()
    for instance, namespaces in labelled:
        for path, *label in _labels(instance, platform):
            if any((namespace, *label) in selections for namespace in namespaces):
                report.add(
                    "invalid-label",
                    f"`{': '.join(label)}` would give `{instance.name}` the connections of other pods",
                    platform.document.span_of(path),
                    path=path,
                    help=HELP,
                )


def _labels(instance: Instance[Any], platform: Platform) -> Iterator[tuple[Path, str, str]]:
    """The labels that the user gives to the objects of an instance, each with its place."""
    labels_by_path: tuple[tuple[Path, Mapping[str, str]], ...] = (
        (("metadata", "labels"), platform.labels),
        ((*instance.path, "labels"), instance.spec.labels),
    )
    for path, labels in labels_by_path:
        yield from (((*path, label), label, labels[label]) for label in sorted(labels))


def _selections(lowered: Lowered) -> Iterator[Selection]:
    """The labels by which network policies select pods, or the peers of pods, with their namespaces."""
    for package in lowered.all_packages:
        for resource in package.resources:
            if resource.kind == "NetworkPolicy":
                spec = resource.manifest["spec"]
                yield from _of_selector(spec["podSelector"], resource.namespace)
                for rule in (*spec.get("ingress", ()), *spec.get("egress", ())):
                    for peer in (*rule.get("from", ()), *rule.get("to", ())):
                        yield from _of_peer(peer, resource.namespace)


def _of_peer(peer: Manifest, own_namespace: str) -> Iterator[Selection]:
    labels: Mapping[str, Any] = peer.get("namespaceSelector", {}).get("matchLabels", {})
    yield from _of_selector(peer.get("podSelector", {}), labels.get(NAMESPACE, own_namespace))


def _of_selector(selector: Manifest, namespace: str) -> Iterator[Selection]:
    for label in selector.get("matchLabels", {}).items():
        yield namespace, *label
    for expression in selector.get("matchExpressions", ()):
        for allowed in expression.get("values", ()):
            yield namespace, expression["key"], allowed
