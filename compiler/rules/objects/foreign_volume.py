"""A volume of a server, in another instance: it has the server's data, past logins, roles and policies.

Kubernetes names the volume claim of a StatefulSet's pod `<template>-<set>-<number>`, so the name is
known before the claim exists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler.diagnostics import Report
from compiler.model import Lowered, Package, Path, Platform, Resource

_MODEL = re.compile(r"pvc://([^/]+)")


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    tenants = [(package, _named(package)) for package in lowered.packages.values()]
    tenants += lowered.models.each(_named)
    named = [
        (package.instance, path, claim)
        for package, claims in tenants
        if package.instance is not None
        for path, claim in claims
    ]
    patterns = list(_of_servers(lowered)) if named else []
    for instance, path, claim in named:
        for namespace, pattern, server in patterns:
            if namespace == instance.namespace and pattern.fullmatch(claim):
                report.add(
                    "foreign-volume",
                    f"`{instance.name}` mounts `{claim}`, the volume of `{server}`",
                    platform.document.value_span(path),
                    path=path,
                    help=f"name `{server}` under `uses`: a server gives its data to clients",
                )


def _named(package: Package) -> tuple[tuple[Path, str], ...]:
    """The volume claims that a workload or model names, each with its path in the spec."""
    instance = package.instance
    if instance is None or instance.section == "components":
        return ()
    mounts = getattr(instance.spec, "volumes", {})
    claims = tuple(
        ((*instance.path, "volumes", name, "claim"), mount.claim)
        for name, mount in mounts.items()
        if mount.claim
    )
    model = _MODEL.match(getattr(instance.spec, "uri", None) or "")
    return (*claims, ((*instance.path, "uri"), model[1])) if model else claims


def _of_servers(lowered: Lowered) -> Iterator[tuple[str, re.Pattern[str], str]]:
    """The patterns of the names of the components' volume claims, each with namespace and component."""
    for package in lowered.packages.values():
        instance = package.instance
        if instance is not None and instance.section == "components":
            for resource in package.resources:
                for pattern in _patterns(resource):
                    yield resource.namespace, re.compile(pattern), instance.name


def _patterns(resource: Resource) -> Iterator[str]:
    manifest, name = resource.manifest, re.escape(resource.name)
    if resource.kind == "PersistentVolumeClaim":
        yield name
    if resource.kind == "StatefulSet":
        for template in manifest.get("spec", {}).get("volumeClaimTemplates", ()):
            yield rf"{re.escape(template['metadata']['name'])}-{name}-\d+"
    if resource.custom is not None and resource.custom.volume_claims:
        yield rf"{re.escape(resource.custom.volume_claims.format(name=resource.name))}-\d+"
    for pod in resource.pods:
        for volume in pod.get("volumes", ()):
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            if claim:
                yield re.escape(claim)
