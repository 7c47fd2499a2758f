"""Upstream systems of an environment: what must be installed, by which release, told what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from compiler.kube import yaml
from compiler.kube.kustomize import COMPONENT
from compiler.model.graph import Graph, Wiring
from compiler.model.instance import Instance
from compiler.model.prerequisite import Prerequisite
from compiler.model.resource import Manifest
from compiler.registry import module


def prerequisites(graph: Graph) -> tuple[Prerequisite, ...]:
    """What somebody must have installed before the platform comes."""
    found = (_asked(instance, wiring) for instance, wiring in _instances(graph))
    return tuple(one for one in found if one is not None)


def vendored(graph: Graph) -> tuple[Prerequisite, ...]:
    """What the platform brings along: instances with `install: vendored`, as their releases."""
    found = (
        _asked(
            replace(instance, spec=instance.spec.model_copy(update={"install": "existing"})), wiring
        )
        for instance, wiring in _instances(graph)
        if getattr(instance.spec, "install", "existing") == "vendored"
    )
    return tuple(one for one in found if one is not None)


def _instances(graph: Graph) -> Iterator[tuple[Instance[Any], Wiring]]:
    """Those with prerequisites, each after what it is bound to: a mesh is there before its pods."""
    for name in _providers_first(graph):
        instance = graph.instances[name]
        if instance.section == "components" and hasattr(module(instance), "prerequisites"):
            yield instance, graph.wiring(instance.name)


def _providers_first(graph: Graph) -> list[str]:
    """All instances, by name where no binding says more."""
    order: dict[str, None] = {}
    visited: set[str] = set()

    def visit(name: str) -> None:
        if name in visited:
            return
        visited.add(name)
        for binding in sorted(
            graph.by_consumer.get(name, {}).values(), key=lambda one: one.provider.name
        ):
            visit(binding.provider.name)
        order[name] = None

    for name in sorted(graph.instances):
        visit(name)
    return list(order)


def _asked(instance: Instance[Any], wiring: Wiring) -> Prerequisite | None:
    found: Prerequisite | None = vars(module(instance))["prerequisites"](instance, wiring)
    return found


def release(one: Prerequisite) -> tuple[str, ...]:
    """The addresses of a release's manifests, in the order in which they are applied."""
    return tuple(
        address
        for command in one.how
        if command.startswith("kubectl ")
        for address in re.findall(r"-f (https://\S+)", command)
    )


def component(one: Prerequisite) -> dict[str, str]:
    """What upstream's own objects must hold, as the files of a kustomize Component."""
    if not one.objects:
        return {}
    files = {_file(manifest): yaml.dump(manifest) for manifest in one.objects}
    patches = [_patch(manifest) for manifest in sorted(one.objects, key=_file)]
    made = {**COMPONENT, "patches": patches}
    return {**files, "kustomization.yaml": yaml.dump(made)}


def _patch(manifest: Manifest) -> Manifest:
    """A release may write a namespace into an object that has none: its kind and name decide then."""
    metadata = manifest["metadata"]
    if "namespace" in metadata or not _custom(manifest):
        return {"path": _file(manifest)}
    return {
        "path": _file(manifest),
        "target": {"kind": manifest["kind"], "name": metadata["name"]},
    }


def _file(manifest: Manifest) -> str:
    return f"patch-{manifest['kind'].lower()}-{manifest['metadata']['name']}.yaml"


def namespace_commands(one: Prerequisite, folder: str) -> Iterator[str]:
    """How to make and label the namespaces that join the mesh: a mesh adds its proxy to pods as they
    are made, so this comes before the release."""
    for manifest in one.objects:
        if manifest["kind"] == "Namespace":
            yield _create(manifest)
            yield _patch_command(one, manifest, folder)


def install_commands(one: Prerequisite) -> tuple[str, ...]:
    """How to install the release, after `namespace_commands`."""
    there = {_create(manifest) for manifest in one.objects if manifest["kind"] == "Namespace"}
    return tuple(command for command in one.how if command not in there)


def patch_commands(one: Prerequisite, folder: str) -> Iterator[str]:
    """How to tell an upstream that is installed, with kubectl alone."""
    for manifest in one.objects:
        if manifest["kind"] != "Namespace":
            yield _patch_command(one, manifest, folder)


def _create(namespace: Manifest) -> str:
    return f"kubectl create namespace {namespace['metadata']['name']}"


def _patch_command(one: Prerequisite, manifest: Manifest, folder: str) -> str:
    metadata = manifest["metadata"]
    space = f" -n {metadata['namespace']}" if "namespace" in metadata else ""
    what = f"{manifest['kind'].lower()} {metadata['name']}{space}"
    # A strategic merge, kubectl's default, is for Kubernetes' own kinds alone.
    how = " --type merge" if _custom(manifest) else ""
    return f"kubectl patch {what}{how} --patch-file {folder}/{one.name}/{_file(manifest)}"


def _custom(manifest: Manifest) -> bool:
    """Whether a CustomResourceDefinition defines the object's kind."""
    group = manifest["apiVersion"].rpartition("/")[0]
    return "." in group and not group.endswith(".k8s.io")
