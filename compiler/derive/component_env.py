"""Add the user's `env` of a component to each container of its pods."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from compiler import kube
from compiler.derive.packages import with_pod
from compiler.diagnostics import Report
from compiler.document import Path
from compiler.model.instance import Instance
from compiler.model.package import Lowered, Package
from compiler.model.resource import Manifest, Resource, pod_template
from compiler.tenants import existing_secrets


def derive(lowered: Lowered, report: Report) -> Lowered:
    packages = dict(lowered.packages)
    for instance in lowered.platform.having("env"):
        if instance.section == "components" and instance.spec.env:
            package = packages.get(instance.name)
            if package is None or not any(pod_template(r.manifest) for r in package.resources):
                _report_no_pods(instance, lowered, report)
            elif not _report_derived(package, instance, lowered, report):
                packages[instance.name] = _with_env(package, instance)
    return replace(lowered, packages=packages)


def _report_no_pods(instance: Instance[Any], lowered: Lowered, report: Report) -> None:
    path: Path = (*instance.path, "env")
    report.add(
        "patch-misses",
        f"an operator writes the pods of `{instance.name}`, and no `env` reaches them",
        lowered.platform.document.span_of(path),
        path=path,
        help="patch the object of which the operator makes them",
    )


def _report_derived(
    package: Package, instance: Instance[Any], lowered: Lowered, report: Report
) -> bool:
    """Report the variables that the component sets already. Returns whether there are any."""
    derived = {
        variable["name"]
        for resource in package.resources
        for container in _containers(resource)
        for variable in container.get("env", ())
    }
    twice = sorted(derived & set(instance.spec.env))
    for name in twice:
        path: Path = (*instance.path, "env", name)
        report.add(
            "reserved-variable",
            f"`{instance.name}` sets `{name}` from the rest of the spec",
            lowered.platform.document.span_of(path),
            path=path,
            help=f"delete `{name}`, or change the field or binding that it follows from",
        )
    return bool(twice)


def _containers(resource: Resource) -> list[Manifest]:
    template = pod_template(resource.manifest)
    if template is None:
        return []
    spec = template["spec"]
    return [*spec.get("initContainers", ()), *spec["containers"]]


def _with_env(package: Package, instance: Instance[Any]) -> Package:
    variables = [variable.manifest() for variable in kube.own_env(instance.spec)]
    resources = tuple(_with_variables(resource, variables) for resource in package.resources)
    secrets = existing_secrets.declared(instance)
    return replace(package, resources=resources, credentials=(*package.credentials, *secrets))


def _with_variables(resource: Resource, variables: list[Manifest]) -> Resource:
    """The object with the variables in each container that it defines."""
    template = pod_template(resource.manifest)
    if template is None:
        return resource
    spec = dict(template["spec"])
    for key in ("initContainers", "containers"):
        if key in spec:
            spec[key] = [
                {**container, "env": [*container.get("env", ()), *variables]}
                for container in spec[key]
            ]
    return replace(resource, manifest=with_pod(resource.manifest, {**template, "spec": spec}))
