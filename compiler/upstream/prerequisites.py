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
        _asked(replace(instance, spec=replace(instance.spec, install="existing")), wiring)
        for instance, wiring in _instances(graph)
        if getattr(instance.spec, "install", "existing") == "vendored"
    )
    return tuple(one for one in found if one is not None)


def _instances(graph: Graph) -> Iterator[tuple[Instance[Any], Wiring]]:
    components = (one for one in graph.instances.values() if one.section == "components")
    for instance in sorted(components, key=lambda one: one.name):
        if hasattr(module(instance), "prerequisites"):
            yield instance, graph.wiring(instance.name)


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
    made = {
        **COMPONENT,
        "patches": [{"path": name} for name in sorted(files)],
    }
    return {**files, "kustomization.yaml": yaml.dump(made)}


def _file(manifest: Manifest) -> str:
    return f"patch-{manifest['kind'].lower()}-{manifest['metadata']['name']}.yaml"


def patch_commands(one: Prerequisite, folder: str) -> Iterator[str]:
    """How to tell an upstream that is installed, with kubectl alone."""
    for manifest in one.objects:
        metadata = manifest["metadata"]
        space = f" -n {metadata['namespace']}" if "namespace" in metadata else ""
        what = f"{manifest['kind'].lower()} {metadata['name']}{space}"
        yield f"kubectl patch {what} --patch-file {folder}/{one.name}/{_file(manifest)}"
