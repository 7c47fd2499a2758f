"""A namespace of Kubernetes: a policy that denies all traffic there would stop the cluster."""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Report
from compiler.model import Instance, Path, Platform
from compiler.registry import in_upstream_namespace


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    if in_upstream_namespace(instance) or not reserved(instance.namespace):
        return
    explicit = instance.spec.namespace is not None
    path: Path = (*instance.path, "namespace") if explicit else ("spec", "namespace")
    report.add(
        "reserved-namespace",
        f"`{instance.namespace}` is Kubernetes' own, and in its namespaces the platform denies all "
        "traffic that it does not know",
        platform.document.value_span(path),
        path=path,
        help="name a namespace of the platform's own, such as `mlops`",
    )


def reserved(namespace: str) -> bool:
    """Whether a namespace is `default`, or starts with `kube-`, which Kubernetes' documentation
    reserves.
    """
    return namespace == "default" or namespace.startswith("kube-")
