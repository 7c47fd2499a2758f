"""The objects and pods of an environment, in the form that tests need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from compiler.emit.manifests import manifests
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered
from compiler.model.resource import pod_template
from support.custom_resources import as_resource
from support.scenarios import compiled, scenario_names

ROLE = "app.kubernetes.io/component"
CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


@dataclass(frozen=True)
class Template:
    """A pod that some object asks for: a workload's, or a custom resource's."""

    owner: Manifest = field(repr=False)
    labels: dict[str, str]
    annotations: dict[str, str]
    spec: Manifest = field(repr=False)

    @property
    def namespace(self) -> str:
        return str(self.owner["metadata"]["namespace"])

    @property
    def name(self) -> str:
        name = f"{self.owner['kind']} {self.namespace}/{self.owner['metadata']['name']}"
        role = self.labels.get(ROLE)
        main_role = self.owner["metadata"].get("labels", {}).get(ROLE)
        return f"{name} {role}" if self.operated and role != main_role else name

    @property
    def operated(self) -> bool:
        """Whether an operator creates the pod, with a separate account."""
        return pod_template(self.owner) is None and bool(as_resource(self.owner).pod_labels)

    def containers(self) -> Iterator[Manifest]:
        for key in CONTAINERS:
            yield from self.spec.get(key, ())


def environments() -> list[tuple[str, str]]:
    """Every environment of every scenario."""
    return [
        (name, environment)
        for name in scenario_names()
        for environment in compiled(name).environments
    ]


def lowered(scenario: str, environment: str) -> Lowered:
    return compiled(scenario).lowered[environment]


def objects(scenario: str, environment: str) -> list[Manifest]:
    return objects_of(lowered(scenario, environment))


def objects_of(lowered: Lowered) -> list[Manifest]:
    return manifests(lowered)


def config_files(scenario: str, environment: str) -> dict[tuple[str, str], dict[str, str]]:
    """The files of each ConfigMap, by its namespace and name."""
    return {
        (manifest["metadata"]["namespace"], manifest["metadata"]["name"]): manifest["data"]
        for manifest in objects(scenario, environment)
        if manifest["kind"] == "ConfigMap"
    }


def templates(scenario: str, environment: str) -> list[Template]:
    return templates_of(lowered(scenario, environment))


def templates_of(lowered: Lowered) -> list[Template]:
    actual = []
    for manifest in objects_of(lowered):
        for metadata, spec in pods_in(manifest, {}):
            labels, annotations = metadata.get("labels", {}), metadata.get("annotations", {})
            actual.append(Template(manifest, labels, annotations, spec))
    return actual


def pods_in(value: Any, metadata: Manifest) -> Iterator[tuple[Manifest, Manifest]]:
    """Every value that looks like a pod: a map with a list of containers, or KServe's one model."""
    if isinstance(value, dict):
        model, component_labels = value.get("model"), value.get("labels")
        if isinstance(component_labels, dict):  # of one component of an InferenceService
            metadata = {**metadata, "labels": {**metadata.get("labels", {}), **component_labels}}
        if isinstance(model, dict) and "modelFormat" in model:
            yield metadata, {**value, "containers": [{"name": "kserve-container", **model}]}
        elif _is_list_of_containers(value.get("containers")):
            yield metadata, value
        object_metadata = value.get("metadata", metadata)
        for key, inner in value.items():
            if key not in CONTAINERS:
                yield from pods_in(
                    inner, object_metadata if isinstance(object_metadata, dict) else {}
                )
    elif isinstance(value, list):
        for inner in value:
            yield from pods_in(inner, metadata)


def _is_list_of_containers(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(element, dict) and {"image", "name"} & set(element) for element in value
    )
