"""Certificate authorities of services outside the platform, mounted in the pods that connect to
them.

The spec states a service's authority once. As in network policies, a label of the offer identifies
the pods that use it; each of their containers gets the file at the endpoint's path.
"""

from __future__ import annotations

from collections import defaultdict

from msgspec.structs import replace

from compiler.derive.packages import with_pod
from compiler.diagnostics import Report
from compiler.model.binding import AUTHORITIES
from compiler.model.package import Lowered, Package
from compiler.model.resource import ConfigFiles, Manifest, Resource, pod_template

VOLUME = "authorities"


def config_name(consumer: str) -> str:
    """The ConfigMap with the certificates that a consumer needs."""
    return f"{consumer}-{VOLUME}"


def derive(lowered: Lowered, report: Report) -> Lowered:
    providers_of: dict[str, dict[str, str]] = defaultdict(dict)
    files: dict[str, dict[str, str]] = defaultdict(dict)
    for binding in lowered.graph.bindings:
        if binding.offer.ca is not None:
            name = binding.provider.name
            providers_of[binding.consumer.name][binding.label] = name
            files[binding.consumer.name][f"{name}.crt"] = binding.offer.ca
    if not providers_of:
        return lowered
    packages = {
        name: _with_authorities(package, providers_of[name], files[name])
        if name in providers_of
        else package
        for name, package in lowered.packages.items()
    }
    return replace(lowered, packages=packages)


def _with_authorities(package: Package, labels: dict[str, str], files: dict[str, str]) -> Package:
    if not run_elsewhere(package) and not any(users(package, label) for label in labels):
        return package
    name = config_name(package.name)
    config = ConfigFiles(name, package.namespace, dict(sorted(files.items())))
    resources = tuple(_mounted(resource, name, labels) for resource in package.resources)
    return replace(package, resources=resources, configs=(*package.configs, config))


def _mounted(resource: Resource, config: str, labels: dict[str, str]) -> Resource:
    template = pod_template(resource.manifest)
    if template is None or not labels.keys() & template["metadata"]["labels"].keys():
        return resource
    spec = dict(template["spec"])
    for key in ("initContainers", "containers"):
        if key in spec:
            spec[key] = [_with_mount(container) for container in spec[key]]
    volume = {"name": VOLUME, "configMap": {"name": config}}
    spec["volumes"] = [*spec.get("volumes", ()), volume]
    return replace(resource, manifest=with_pod(resource.manifest, {**template, "spec": spec}))


def _with_mount(container: Manifest) -> Manifest:
    mount = {"name": VOLUME, "mountPath": AUTHORITIES, "readOnly": True}
    return {**container, "volumeMounts": [*container.get("volumeMounts", ()), mount]}


def run_elsewhere(package: Package) -> bool:
    """Whether the pods run outside the platform, so that platformc does not write them."""
    return package.instance is not None and getattr(package.instance.spec, "run", "") == "elsewhere"


def users(package: Package, label: str) -> list[Manifest]:
    """The pod templates of a package that use an offer."""
    templates = (pod_template(resource.manifest) for resource in package.resources)
    return [
        template
        for template in templates
        if template is not None and label in template["metadata"]["labels"]
    ]
