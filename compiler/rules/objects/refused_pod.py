"""Pods that `restricted` namespaces refuse because of containers that upstream systems add to them.

An operator makes such a pod, and the API server refuses it to the operator: no model starts, and the
objects of the platform look well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from compiler.derive.mesh import mesh_of
from compiler.derive.namespaces import ENFORCE, LEVEL
from compiler.diagnostics import Report
from compiler.document.pointer import escaped
from compiler.kube import pod_security
from compiler.model import Injected, Lowered, Manifest, Package, Path, Platform, Resource
from compiler.model.resource import containers_of


class Problem(NamedTuple):
    """A reason against a pod, and the strictest standard under which it is none."""

    text: str
    admitted_by: pod_security.Level


class Refusal(NamedTuple):
    """Pods that a namespace does not admit."""

    namespace: str
    pods: str
    problem: Problem


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    spaces, mesh = _restricted(lowered), mesh_of(lowered)
    sidecars = mesh.offer.injected if mesh else ()
    memo, refused = lowered.models.memo, partial(_refused, sidecars, spaces)
    # Models by the thousand are the same in all environments.
    refused = memo.once(lambda: refused, ("refused", spaces), sidecars)
    packages = (*lowered.packages.values(), *lowered.models.values())
    for package, refusals in memo.each(refused, packages):
        for refusal in refusals:
            _report(refusal, package, platform, report)


def _refused(
    sidecars: tuple[Injected, ...], spaces: frozenset[str], package: Package
) -> tuple[Refusal, ...]:
    """The pods of a package that some namespaces refuse, with the reasons."""
    return (*_of_objects(package, sidecars, spaces), *of_runs(package, sidecars, spaces))


def _of_objects(
    package: Package, sidecars: tuple[Injected, ...], spaces: frozenset[str]
) -> Iterator[Refusal]:
    for resource in package.resources:
        if resource.namespace in spaces:
            pods = f"the pods of {resource.kind} `{resource.name}`"
            for problem in sorted({*_problems(resource, (*resource.injected, *sidecars))}):
                yield Refusal(resource.namespace, pods, problem)


def of_runs(
    package: Package, sidecars: tuple[Injected, ...], spaces: frozenset[str]
) -> Iterator[Refusal]:
    """Pods that an operator makes of no object of the platform, where its containers are known."""
    for pods in package.operator_pods:
        space = pods.namespace or package.namespace
        if pods.injected and space in spaces:
            additions, pod = (*pods.injected, *sidecars), {"securityContext": pods.security}
            for problem in sorted({*_of_additions(additions, pod)}):
                yield Refusal(space, f"the `{pods.role}` of `{package.name}`", problem)


def _restricted(lowered: Lowered) -> frozenset[str]:
    """The namespaces that enforce `restricted`, after all patches."""
    return frozenset(
        resource.name
        for package in lowered.packages.values()
        for resource in package.resources
        if resource.kind == "Namespace"
        and resource.manifest["metadata"].get("labels", {}).get(ENFORCE) == LEVEL
    )


def _problems(resource: Resource, additions: tuple[Injected, ...]) -> Iterator[Problem]:
    for pod in resource.pods:
        yield from _of_additions(additions, pod)
        if resource.custom is not None:  # no other check looks at the pods in such an object
            annotations = resource.manifest["metadata"].get("annotations") or {}
            annotations = annotations | (pod.get("annotations") or {})
            of_pod = [*pod_security.of_pod(pod), *pod_security.of_annotations(annotations)]
            yield from _joined("the pod has", of_pod)
            for container in containers_of(pod):
                violations = list(pod_security.of_container(container, pod))
                yield from _joined(f"`{container['name']}` has", violations)


def _of_additions(additions: tuple[Injected, ...], pod: Manifest) -> Iterator[Problem]:
    for added in additions:
        subject = f"{added.system} adds `{added.container['name']}`, which has"
        yield from _joined(subject, list(pod_security.of_container(added.container, pod)))


def _joined(subject: str, violations: Sequence[pod_security.Violation]) -> Iterator[Problem]:
    """The violations of a pod or container as a single problem, if there are any."""
    if violations:
        texts = ", ".join(violation.text for violation in violations)
        yield Problem(f"{subject} {texts}", pod_security.level_of(violations))


def _report(refusal: Refusal, package: Package, platform: Platform, report: Report) -> None:
    path: Path = package.instance.path if package.instance else ("spec",)
    patch = (
        f"{{target: {{kind: Namespace, name: {refusal.namespace}}}, operations: [{{op: replace, "
        f"path: /metadata/labels/{escaped(ENFORCE)}, value: {refusal.problem.admitted_by}}}]}}"
    )
    report.add(
        "refused-pod",
        f"`{refusal.namespace}` refuses {refusal.pods}: {refusal.problem.text}",
        platform.document.span_of(path),
        path=path,
        help=f"admit them with `{patch}` under `spec.patches`",
    )
