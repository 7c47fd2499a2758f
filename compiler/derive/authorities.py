"""Mount the authorities of outside services, and the certificates of their clients, in pods.

As in network policies, a label of the offer identifies the pods that use it; each of their
containers gets the files at the endpoint's paths.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial

from msgspec.structs import replace

from compiler.derive.packages import with_containers, with_pod
from compiler.diagnostics import Report
from compiler.kube import authorities, client_certificates
from compiler.kube.volumes import Volume
from compiler.model.authority import Authority
from compiler.model.binding import Binding
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package
from compiler.model.resource import Resource, pod_template


def derive(lowered: Lowered, report: Report) -> Lowered:
    verified: dict[str, list[Binding]] = defaultdict(list)  # by consumer
    certified: dict[str, list[Binding]] = defaultdict(list)
    for binding in lowered.graph.bindings:
        if binding.offer.ca is not None:
            verified[binding.consumer.name].append(binding)
        if binding.client_certificate is not None:
            certified[binding.consumer.name].append(binding)
    if not verified and not certified:
        return lowered
    packages = dict(lowered.packages)
    for name, package in lowered.packages.items():
        if name in verified:
            packages[name] = _with_authorities(package, verified[name])
        if name in certified:
            packages[name] = _with_certificates(packages[name], certified[name])
    return replace(lowered, packages=packages)


def _with_certificates(package: Package, bindings: list[Binding]) -> Package:
    used = [binding for binding in bindings if users(package, binding.label)]
    if not used:
        return package
    labels = {binding.label for binding in used}
    volume = client_certificates.volume(client_certificates.of(used))
    resources = tuple(_mounted(resource, volume, labels) for resource in package.resources)
    return replace(package, resources=resources)


def _with_authorities(package: Package, bindings: list[Binding]) -> Package:
    labels = {binding.label for binding in bindings}
    if not run_elsewhere(package) and not any(users(package, label) for label in labels):
        return package
    by_provider = _by_provider(bindings)
    config = authorities.files(package.name, package.namespace, by_provider.items())
    volume = authorities.volume(package.name, by_provider.items())
    resources = tuple(_mounted(resource, volume, labels) for resource in package.resources)
    configs = (*package.configs, config) if config else package.configs
    return replace(package, resources=resources, configs=configs)


def _by_provider(bindings: list[Binding]) -> dict[str, Authority]:
    return {
        binding.provider.name: binding.offer.ca
        for binding in bindings
        if binding.offer.ca is not None
    }


def _mounted(resource: Resource, volume: Volume, labels: set[str]) -> Resource:
    template = pod_template(resource.manifest)
    if template is None or not labels & template["metadata"]["labels"].keys():
        return resource
    spec = with_containers(template["spec"], partial(_with_mount, volume=volume))
    spec["volumes"] = [*spec.get("volumes", ()), {"name": volume.name, **volume.source}]
    return replace(resource, manifest=with_pod(resource.manifest, {**template, "spec": spec}))


def _with_mount(container: Manifest, volume: Volume) -> Manifest:
    return {**container, "volumeMounts": [*container.get("volumeMounts", ()), volume.mount()]}


def run_elsewhere(package: Package) -> bool:
    """Whether the pods run outside the platform, so that platformc does not write them."""
    return package.instance is not None and getattr(package.instance.spec, "run", "") == "elsewhere"


def without_pods(package: Package) -> bool:
    """Whether a package has no pods, or the user runs them."""
    return run_elsewhere(package) or not (package.resources or package.instance is None)


def users(package: Package, label: str) -> list[Manifest]:
    """The pod templates of a package that use an offer."""
    templates = (pod_template(resource.manifest) for resource in package.resources)
    return [
        template
        for template in templates
        if template is not None and label in template["metadata"]["labels"]
    ]
