"""Find the upstream systems of an environment: releases to install, and the settings that they need."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from msgspec.structs import replace

from compiler.interfaces import cert_manager, external_secrets, sealed_secrets
from compiler.kube.patching import all_applied
from compiler.model.graph import Graph, Wiring
from compiler.model.instance import Instance
from compiler.model.manifest import Manifest
from compiler.model.prerequisite import Prerequisite, Running
from compiler.registry import component_of, in_upstream_namespace
from compiler.spec.image import split_image
from compiler.upstream.object_images import with_mirrors


def prerequisites(graph: Graph) -> tuple[Prerequisite, ...]:
    """Systems that must be installed before the platform, in the order of installation."""
    candidates = (_required(instance, instance, wiring) for instance, wiring in _instances(graph))
    systems = [prerequisite for prerequisite in candidates if prerequisite is not None]
    brought = {part for system in systems for part in system.brings}
    systems = [_with_missing(system, brought) for system in systems]
    return _ordered([*_of_secrets(graph), *systems])


def upstream_namespaces(graph: Graph) -> dict[str, str]:
    """The namespaces of upstream systems, each with the name of the instance that needs the system."""
    namespaces: dict[str, str] = {}
    systems = list(_of_secrets(graph))
    for instance, wiring in _instances(graph):
        if in_upstream_namespace(instance):
            namespaces[instance.namespace] = instance.name
        else:
            required = component_of(instance).prerequisites(_as_existing(instance), wiring)
            systems += [required] if required else []
    for system in systems:
        namespaces |= dict.fromkeys(system.namespaces, system.name)
    return namespaces


def shared_needs(graph: Graph) -> tuple[Prerequisite, ...]:
    """Systems that others need and of which any installation will do, with the commands for a cluster without."""
    systems = (*prerequisites(graph), *vendored(graph))
    needs = [need for system in systems for need in system.besides]
    if any(need.startswith(cert_manager.NAME) for need in needs):
        return (cert_manager.PREREQUISITE,)
    return ()


def _with_missing(system: Prerequisite, brought: set[str]) -> Prerequisite:
    """A system that names the parts which no other one of the platform brings, so that they are not forgotten."""
    missing = tuple(
        f"{part} {system.version}".strip() for part in system.awaits if part not in brought
    )
    return replace(system, also=(*system.also, *missing))


def _of_secrets(graph: Graph) -> Iterator[Prerequisite]:
    """The operator that makes or decrypts the credentials, if one does."""
    for instance in islice(graph.instances.values(), 1):  # all have the same settings
        secrets = instance.settings.secrets
        match secrets.provider:
            case "external-secrets":
                yield external_secrets.prerequisite(secrets.store)
            case "sealed-secrets":
                yield sealed_secrets.PREREQUISITE


def _ordered(systems: list[Prerequisite]) -> tuple[Prerequisite, ...]:
    """The systems in their order, but each after the systems that bring what it needs."""
    ordered: dict[str, Prerequisite] = {}

    def add(system: Prerequisite, dependents: tuple[str, ...]) -> None:
        for candidate in systems:
            if set(candidate.brings) & set(system.awaits) and candidate.name not in dependents:
                add(candidate, (*dependents, candidate.name))
        ordered.setdefault(system.name, system)

    for system in systems:
        add(system, (system.name,))
    return tuple(ordered.values())


def _required(
    instance: Instance[Any], installed: Instance[Any], wiring: Wiring
) -> Prerequisite | None:
    """The requirements of an instance on an upstream system, with the mirrors and the instance's patches."""
    prerequisite = component_of(instance).prerequisites(installed, wiring)
    if prerequisite is None:
        return None
    mirrors = instance.settings.registry.mirrors
    objects = tuple(with_mirrors(manifest, mirrors) for manifest in prerequisite.objects)
    if instance.spec.patches:
        objects = all_applied(instance.spec.patches, objects)
    return replace(prerequisite, objects=objects)


def administration(graph: Graph) -> list[tuple[str, str, str]]:
    """Instructions to administrators of services outside: the instance, its host, and the text."""
    texts = (
        (instance, component_of(instance).administration(instance, wiring))
        for instance, wiring in _instances(graph)
    )
    return [(instance.name, instance.spec.host, text) for instance, text in texts if text]


def required(instance: Instance[Any], wiring: Wiring) -> tuple[Manifest, ...]:
    """The objects of an upstream system in which an instance requires settings, before its patches."""
    prerequisite = component_of(instance).prerequisites(_as_existing(instance), wiring)
    return prerequisite.objects if prerequisite else ()


def _as_existing(instance: Instance[Any]) -> Instance[Any]:
    """The instance as it would be if its upstream system were installed already."""
    if getattr(instance.spec, "install", "existing") != "vendored":
        return instance
    spec = instance.spec.model_copy(update={"install": "existing"})
    return replace(instance, spec=spec)


def vendored(graph: Graph) -> tuple[Prerequisite, ...]:
    """Systems that the platform brings along: instances with `install: vendored`, as releases."""
    candidates = (
        _required(instance, _as_existing(instance), wiring)
        for instance, wiring in _instances(graph)
        if getattr(instance.spec, "install", "existing") == "vendored"
    )
    return tuple(prerequisite for prerequisite in candidates if prerequisite is not None)


def _instances(graph: Graph) -> Iterator[tuple[Instance[Any], Wiring]]:
    """Instances with prerequisites, providers first: a mesh is installed before the pods that join it."""
    for name in graph.providers_first:
        instance = graph.instances[name]
        if instance.section == "components":
            yield instance, graph.wiring(instance.name)


def needs_of_vendored(graph: Graph) -> tuple[Prerequisite, ...]:
    """Vendored systems that need other systems in the cluster, which their releases do not contain."""
    return tuple(prerequisite for prerequisite in vendored(graph) if prerequisite.besides)


def release(prerequisite: Prerequisite) -> tuple[str, ...]:
    """The addresses of a release's manifests, in the order of installation."""
    return tuple(
        address
        for command in prerequisite.how
        for address in re.findall(r" -f (https://\S+)", command)
    )


def running_release(
    running: Running, labels: Mapping[str, str], images: Mapping[str, str]
) -> str | None:
    """The release of a Deployment, from its label or an image's tag, such as `v1.30.3-distroless`.

    `images` are those of its containers, by name.
    """
    if running.container:
        _, text, _ = split_image(images.get(running.container, ""))
    else:
        text = labels.get("app.kubernetes.io/version", "")
    match = re.match(r"v?(\d+\.\d+\.\d+(-(alpha|beta|rc)[.\d]*)?)", text)
    return match[1] if match else None
