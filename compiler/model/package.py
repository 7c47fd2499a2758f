"""Hold a validated platform, and the packages of objects to which it is lowered."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from compiler.document import Node, Path
from compiler.document.span import Span
from compiler.files.next_to_spec import Files
from compiler.model.authority import HandedAuthority
from compiler.model.binding import UnlabelledClients
from compiler.model.credential import Credential
from compiler.model.custom_resource import CustomResource
from compiler.model.fleet import Fleet
from compiler.model.graph import Graph
from compiler.model.instance import Instance
from compiler.model.manifest import Manifest
from compiler.model.metrics import Metrics
from compiler.model.resource import (
    NOT_SUBSTITUTED,
    SUBSTITUTION,
    WAVE,
    ConfigFiles,
    Egress,
    Ingress,
    InternalTraffic,
    OperatorPods,
    Phase,
    Resource,
)
from compiler.spec.locked_model import LockedModel
from compiler.spec.patch import Patch
from compiler.spec.settings import Settings


class Removed(Struct, frozen=True):
    """A component of the base that an environment removes."""

    type: str
    span: Span  # the line that removes it


class Platform(Struct, frozen=True):
    """The validated, effective spec of the base or of an environment."""

    name: str
    labels: Mapping[str, str]
    settings: Settings
    instances: Mapping[str, Instance[Any]]
    document: Node
    environment: str | None
    pins: Mapping[str, str] = field(default_factory=dict)  # digests by image
    files: Files = field(default_factory=dict)  # the files that the spec names
    # The locked versions of registered models, by environment and model.
    locked: Mapping[str, Mapping[str, LockedModel]] = field(default_factory=dict)
    # The models of a registry as they are in the spec, without their versions.
    registered: Mapping[str, Instance[Any]] = field(default_factory=dict)
    # The types of instances with errors; `instances` has these without their wrong values, or lacks them.
    wrong: Mapping[str, str] = field(default_factory=dict)
    removed: Mapping[str, Removed] = field(default_factory=dict)  # the base's components it removes
    span: Span | None = None  # the line with the environment's name; None if the spec names none

    def having(self, key: str) -> Iterator[Instance[Any]]:
        """The instances whose sections may have a key."""
        has = {
            kind: key in kind.model_fields
            for kind in {type(instance.spec) for instance in self.instances.values()}
        }
        return (instance for instance in self.instances.values() if has[type(instance.spec)])

    def without(self, names: Collection[str]) -> Platform:
        """The platform without some instances."""
        if not names:
            return self
        rest = {name: value for name, value in self.instances.items() if name not in names}
        return replace(self, instances=rest)

    def part(self, graph: Graph) -> Platform:
        """The platform with only the instances of a graph."""
        return self.without(self.instances.keys() - graph.instances.keys())


class Package(Struct, frozen=True):
    """The objects and files of one instance, in the folder with its name."""

    name: str
    source: str  # the spec path in the files' headers
    phase: Phase
    namespace: str
    resources: tuple[Resource, ...] = ()
    configs: tuple[ConfigFiles, ...] = ()
    credentials: tuple[Credential, ...] = ()
    internal_traffic: tuple[InternalTraffic, ...] = ()
    egress: tuple[Egress, ...] = ()
    ingress: tuple[Ingress, ...] = ()
    metrics: tuple[Metrics, ...] = ()
    handed_authorities: tuple[HandedAuthority, ...] = ()
    operator_pods: tuple[OperatorPods, ...] = ()  # pods that controllers create from its objects
    unlabelled_clients: tuple[UnlabelledClients, ...] = ()
    instance: Instance[Any] | None = None
    start: int = 0  # its first wave, set by derive/order.py

    def wave(self, piece: Resource | ConfigFiles) -> int:
        """The wave in which a piece is delivered."""
        if isinstance(piece, Resource):
            if piece.kind == "Namespace":
                return Phase.NAMESPACES
            if piece.kind == "CustomResourceDefinition":
                return Phase.CRDS
            if piece.kind == "CronJob":
                return max(Phase.MODELS_AND_SCHEDULES, self.start + piece.step)
        return self.start + piece.step

    @property
    def span(self) -> int:
        """The number of waves."""
        pieces: tuple[Resource | ConfigFiles, ...] = (*self.resources, *self.configs)
        return 1 + max((piece.step for piece in pieces), default=0)


# Packages of an environment that belong to no instance, so no instance has their names.
NAMESPACES = "namespaces"
CREDENTIALS = "credentials"  # the objects of an operator that makes the credentials


class PatchedObject(Struct, frozen=True):
    """A patch of the user's with its place in the spec, and its object before the patch."""

    path: Path
    patch: Patch
    before: Resource


class Lowered(Struct, frozen=True):
    """One lowered environment: its packages by name, and their graph."""

    platform: Platform
    graph: Graph
    packages: Mapping[str, Package]
    models: Fleet = field(default_factory=lambda: Fleet({}))  # the models' packages, never factored
    credentials: tuple[Credential, ...] = ()
    granted: tuple[Credential, ...] = ()  # the credentials that servers create themselves
    patched: tuple[PatchedObject, ...] = ()  # in the order of the patches

    @property
    def all_packages(self) -> tuple[Package, ...]:
        """All packages; the packages of models come last."""
        return (*self.packages.values(), *self.models.values())

    @property
    def custom_resources(self) -> Mapping[tuple[str, str], CustomResource]:
        """The kinds of its objects that are not Kubernetes' own, by group and kind."""
        return {
            (custom.group, custom.kind): custom
            for package in self.all_packages
            for resource in package.resources
            if (custom := resource.custom) is not None
        }


KUBERNETES = "app.kubernetes.io"


def package_labels(platform: Platform, package: Package) -> dict[str, str]:
    """The labels of everything in one package."""
    instance = package.instance
    instance_labels = instance.spec.labels if instance else {}
    type = instance.type if instance else package.name
    return {
        **platform.labels,
        **instance_labels,
        f"{KUBERNETES}/instance": package.name,
        f"{KUBERNETES}/managed-by": "platformc",
        f"{KUBERNETES}/name": type,
        f"{KUBERNETES}/part-of": platform.name,
    }


def config_map(config: ConfigFiles, package: Package, platform: Platform) -> Manifest:
    """The ConfigMap that kustomize's generator creates from the files."""
    labels, annotations = config_metadata(config, package, platform)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": config.name,
            "namespace": config.namespace,
            "annotations": annotations,
            "labels": labels,
        },
        "data": dict(sorted(config.files.items())),
    }


def config_metadata(
    config: ConfigFiles, package: Package, platform: Platform
) -> tuple[dict[str, str], dict[str, str]]:
    labels = dict(sorted(package_labels(platform, package).items()))
    annotations = {WAVE: str(package.wave(config))}
    if any(SUBSTITUTION in text for text in config.files.values()):
        annotations |= NOT_SUBSTITUTED
    return labels, annotations
