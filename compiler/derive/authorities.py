"""Who vouches for a service outside the platform: certificates in the pods that connect to it.

A service says its authority once. Pods that use it are known by the offer's label, as in network
policies; each of their containers finds the file where the endpoint says that it lies.
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
    wanted: dict[str, dict[str, str]] = defaultdict(dict)
    files: dict[str, dict[str, str]] = defaultdict(dict)
    for binding in lowered.graph.bindings:
        if binding.offer.ca is not None:
            name = binding.provider.name
            wanted[binding.consumer.name][binding.label] = name
            files[binding.consumer.name][f"{name}.crt"] = binding.offer.ca
    if not wanted:
        return lowered
    packages = {
        name: _trusting(package, wanted[name], files[name]) if name in wanted else package
        for name, package in lowered.packages.items()
    }
    return replace(lowered, packages=packages)


def _trusting(package: Package, labels: dict[str, str], files: dict[str, str]) -> Package:
    if not elsewhere(package) and not any(users(package, label) for label in labels):
        return package
    name = config_name(package.name)
    config = ConfigFiles(name, package.namespace, dict(sorted(files.items())))
    resources = tuple(_mounted(one, name, labels) for one in package.resources)
    return replace(package, resources=resources, configs=(*package.configs, config))


def _mounted(resource: Resource, config: str, labels: dict[str, str]) -> Resource:
    template = pod_template(resource.manifest)
    if template is None or not labels.keys() & template["metadata"]["labels"].keys():
        return resource
    spec = dict(template["spec"])
    for key in ("initContainers", "containers"):
        if key in spec:
            spec[key] = [_sees(container) for container in spec[key]]
    volume = {"name": VOLUME, "configMap": {"name": config}}
    spec["volumes"] = [*spec.get("volumes", ()), volume]
    return replace(resource, manifest=with_pod(resource.manifest, {**template, "spec": spec}))


def _sees(container: Manifest) -> Manifest:
    mount = {"name": VOLUME, "mountPath": AUTHORITIES, "readOnly": True}
    return {**container, "volumeMounts": [*container.get("volumeMounts", ()), mount]}


def elsewhere(package: Package) -> bool:
    """Whether the pods are the user's own, which platformc does not write."""
    return package.instance is not None and getattr(package.instance.spec, "run", "") == "elsewhere"


def users(package: Package, label: str) -> list[Manifest]:
    """The pod templates of a package that use an offer."""
    templates = (pod_template(one.manifest) for one in package.resources)
    return [one for one in templates if one is not None and label in one["metadata"]["labels"]]
