"""A namespace of Kubernetes' own: what is written there (a policy that denies all) stops the cluster."""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Report
from compiler.model import Instance, Path, Platform
from compiler.registry import upstreams


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    if upstreams(instance) or not reserved(instance.namespace):
        return
    own = instance.spec.namespace is not None
    path: Path = (*instance.path, "namespace") if own else ("spec", "namespace")
    report.add(
        "reserved-namespace",
        f"`{instance.namespace}` is Kubernetes' own, and the platform denies all traffic in its "
        "namespaces that it doesn't know of",
        platform.document.value_span(path),
        path=path,
        help="name a namespace of the platform's own, such as `mlops`",
    )


def reserved(namespace: str) -> bool:
    """`default` belongs to nobody; `kube-` is reserved by Kubernetes' own documentation."""
    return namespace == "default" or namespace.startswith("kube-")
