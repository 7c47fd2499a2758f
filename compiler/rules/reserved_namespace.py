"""A namespace of Kubernetes or of an upstream system, for an instance of the platform.

In each of its namespaces the platform denies all traffic that it does not know, which would stop a cluster or
an operator there. It writes no such policies into the namespace of an operator, so an instance there
would be reached by anyone, and could take the identity of the operator's own pods.
"""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Report
from compiler.model import Graph, Instance, Path, Platform
from compiler.registry import in_upstream_namespace
from compiler.upstream.prerequisites import upstream_namespaces


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    if in_upstream_namespace(instance) or not _reserved(instance.namespace):
        return
    reason = "Kubernetes' own, and in its namespaces the platform denies all traffic that it does not know"
    _report(instance, reason, platform, report)


def check(platform: Platform, graph: Graph, report: Report) -> None:
    systems = upstream_namespaces(graph)
    for instance in platform.instances.values():
        namespace = instance.namespace
        if (
            namespace in systems
            and not _reserved(namespace)  # the other rule reports it
            and not in_upstream_namespace(instance)
        ):
            reason = f"a namespace of `{systems[namespace]}`, where the platform writes no policies"
            _report(instance, reason, platform, report)


def _reserved(namespace: str) -> bool:
    """Whether a namespace is `default`, or starts with `kube-`, which Kubernetes' documentation
    reserves.
    """
    return namespace == "default" or namespace.startswith("kube-")


def _report(instance: Instance[Any], reason: str, platform: Platform, report: Report) -> None:
    explicit = instance.spec.namespace is not None
    path: Path = (*instance.path, "namespace") if explicit else ("spec", "namespace")
    report.add(
        "reserved-namespace",
        f"`{instance.namespace}` is {reason}",
        platform.document.value_span(path),
        path=path,
        help="name a namespace of the platform's own, such as `mlops`",
    )
