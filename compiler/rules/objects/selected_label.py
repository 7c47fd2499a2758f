"""Labels by which network policies select the pods of an operator or of another system.

The compiler refuses its own labels in every spec (`rules/invalid_label.py`). The labels of other systems' pods
are in the policies that select them, such as CloudNativePG's `cnpg.io/cluster`: any pod with such a
label would get the connections of those pods.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler.diagnostics import Report
from compiler.kube.network_policy import Selection, selections
from compiler.model import Instance, Lowered, Path, Platform
from compiler.rules.invalid_label import HELP


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
    """The labels by which network policies select pods, or the peers of pods."""
    for package in lowered.all_packages:
        for resource in package.resources:
            if resource.kind == "NetworkPolicy":
                yield from selections(resource)
