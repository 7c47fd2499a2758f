"""Add the user's `env` of a component to each container of its pods, also of pods that an operator makes."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from compiler import kube
from compiler.derive.packages import with_containers, with_pod
from compiler.diagnostics import Report
from compiler.document import Path
from compiler.model.custom_resource import Location, at
from compiler.model.instance import Instance
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package
from compiler.model.resource import Resource, containers_of, pod_template
from compiler.tenants import existing_secrets


def derive(lowered: Lowered, report: Report) -> Lowered:
    packages = dict(lowered.packages)
    for instance in lowered.platform.having("env"):
        if instance.section == "components" and instance.spec.env:
            package = packages.get(instance.name)
            if package is None or not _reaches_pods(package):
                _report_no_pods(instance, lowered, report)
            elif not _report_derived(package, instance, lowered, report):
                packages[instance.name] = _with_env(package, instance)
    return replace(lowered, packages=packages)


def _reaches_pods(package: Package) -> bool:
    """Whether the variables get into all pods: not into those of an operator whose object has no place for them."""
    resources = package.resources
    by_operator = [
        r.custom for r in resources if r.custom is not None and r.custom.pods is not None
    ]
    return all(custom.env for custom in by_operator) and (
        bool(by_operator) or any(pod_template(r.manifest) for r in resources)
    )


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
        for variables in _variables(resource)
        for variable in variables
    }
    duplicates = sorted(derived & set(instance.spec.env))
    for name in duplicates:
        path: Path = (*instance.path, "env", name)
        report.add(
            "reserved-variable",
            f"`{instance.name}` sets `{name}` from the rest of the spec",
            lowered.platform.document.span_of(path),
            path=path,
            help=f"delete `{name}`, or change the field or binding that it follows from",
        )
    return bool(duplicates)


def _variables(resource: Resource) -> list[list[Manifest]]:
    """The variables of each container that an object defines, or of the containers that its operator makes."""
    if resource.custom is not None and resource.custom.env:
        return [at(resource.manifest, resource.custom.env) or []]
    template = pod_template(resource.manifest)
    if template is None:
        return []
    return [container.get("env", []) for container in containers_of(template["spec"])]


def _with_env(package: Package, instance: Instance[Any]) -> Package:
    variables = [variable.manifest() for variable in kube.own_env(instance.spec)]
    resources = tuple(_with_variables(resource, variables) for resource in package.resources)
    secrets = existing_secrets.declared(instance)
    return replace(package, resources=resources, credentials=(*package.credentials, *secrets))


def _with_variables(resource: Resource, variables: list[Manifest]) -> Resource:
    """The object with the variables in each container that it defines, or that its operator makes."""
    if resource.custom is not None and resource.custom.env:
        return replace(resource, manifest=_added(resource.manifest, resource.custom.env, variables))
    template = pod_template(resource.manifest)
    if template is None:
        return resource

    def add_variables(container: Manifest) -> Manifest:
        return {**container, "env": [*container.get("env", ()), *variables]}

    spec = with_containers(template["spec"], add_variables)
    return replace(resource, manifest=with_pod(resource.manifest, {**template, "spec": spec}))


def _added(manifest: Manifest, location: Location, variables: list[Manifest]) -> Manifest:
    """An object with further variables at a place, which is below maps."""
    key, *inner = map(str, location)
    if not inner:
        return {**manifest, key: [*manifest.get(key, ()), *variables]}
    return {**manifest, key: _added(manifest.get(key, {}), tuple(inner), variables)}
