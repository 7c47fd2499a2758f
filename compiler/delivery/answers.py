"""Read kubectl's answers: whatever a command reads of them is checked here.

A cluster, or a program that is called kubectl, may answer anything. The fields that nobody reads may have
any value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from compiler.model.manifest import Manifest

# Runs kubectl with arguments and input; returns its status, output and errors.
Ask = Callable[[list[str], str], tuple[int, str, str]]
Answer = TypeVar("Answer")


class WrongAnswerError(Exception):
    """An answer is none of Kubernetes'."""

    def __init__(self) -> None:
        super().__init__("kubectl gives an answer that is none of Kubernetes'")


class ServerVersion(Struct):
    """The version of the API server."""

    major: str
    minor: Annotated[str, Meta(pattern=r"[0-9]")]


class Version(Struct, rename="camel"):
    """The answer of `kubectl version`."""

    server_version: ServerVersion


class Names(Struct):
    """The names of a kind."""

    kind: str


class DefinedVersion(Struct):
    """A version of a kind, which the API server may no longer serve."""

    name: str
    served: bool


class DefinitionSpec(Struct):
    """A kind that is not built in."""

    group: str
    names: Names
    versions: list[DefinedVersion]


class Definition(Struct):
    """A CustomResourceDefinition."""

    spec: DefinitionSpec


class Metadata(Struct):
    """The metadata of an object."""

    name: str
    annotations: dict[str, str] = {}


class Named(Struct):
    """An object of which only the metadata is read, such as a storage class."""

    metadata: Metadata


class ConfigMap(Struct):
    """A ConfigMap."""

    data: dict[str, str] = {}


class Container(Struct):
    """A container of a pod."""

    name: str
    image: str = ""


class PodSpec(Struct):
    """The spec of a pod."""

    containers: list[Container] = []


class Template(Struct):
    """The template of pods."""

    spec: PodSpec = msgspec.field(default_factory=PodSpec)


class DeploymentSpec(Struct):
    """The spec of a Deployment."""

    template: Template = msgspec.field(default_factory=Template)


class Labelled(Struct):
    """The metadata of an object with labels."""

    labels: dict[str, str] = {}


class Deployment(Struct):
    """A Deployment of an upstream system, whose release is in a label or in an image."""

    metadata: Labelled = msgspec.field(default_factory=Labelled)
    spec: DeploymentSpec = msgspec.field(default_factory=DeploymentSpec)


class ListOf(Struct, Generic[Answer]):
    """A list of objects."""

    items: list[Answer]


def asked(ask: Ask, form: type[Answer], *words: str) -> Answer | None:
    """kubectl's answer, or None if the object does not exist. Raises WrongAnswerError."""
    status, text, _ = ask([*words, "-o", "json"], "")
    return parsed(text, form) if status == 0 else None


def parsed(text: str, form: type[Answer]) -> Answer:
    """An answer in the expected form. Raises WrongAnswerError."""
    try:
        return msgspec.json.decode(text.encode("utf-8", "replace"), type=form)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise WrongAnswerError from error


def converted(value: Any, form: type[Answer]) -> Answer:
    """A part of an answer in the expected form. Raises WrongAnswerError."""
    try:
        return msgspec.convert(value, form)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise WrongAnswerError from error


class Kind(Struct):
    """An object of any kind."""

    kind: str


class Reference(Struct):
    """A reference to a Secret."""

    name: str


class ValueSource(Struct, rename="camel"):
    """The object that a variable's value comes from."""

    secret_key_ref: Reference | UnsetType = UNSET


class Variable(Struct, rename="camel"):
    """A variable of a container."""

    name: str
    value: str = ""
    value_from: ValueSource | None = None


class VariablesSource(Struct, rename="camel"):
    """The object that many variables come from."""

    secret_ref: Reference | UnsetType = UNSET


class Mount(Struct, rename="camel"):
    """A place at which a container sees a volume."""

    mount_path: str
    sub_path: str = ""


class User(Struct, rename="camel"):
    """The user of a container's processes."""

    run_as_user: int | None = None


class LiveContainer(Struct, rename="camel"):
    """A container of a workload that could be adopted."""

    image: str
    command: list[str] | None = None
    args: list[str] | None = None
    env: list[Variable] | None = None
    env_from: list[VariablesSource] | None = None
    volume_mounts: list[Mount] | None = None
    security_context: User | None = None


class ClaimName(Struct, rename="camel"):
    """The volume claim of a volume."""

    claim_name: str


class Volume(Struct, rename="camel"):
    """A volume of a pod."""

    persistent_volume_claim: ClaimName | UnsetType = UNSET


class LivePodSpec(Struct, rename="camel"):
    """The spec of a pod that could be adopted."""

    containers: list[LiveContainer]
    volumes: list[Volume] | None = None
    security_context: User | None = None


class PodMetadata(Struct):
    """The metadata of a template of pods."""

    labels: dict[str, str] | None = None


class LiveTemplate(Struct):
    """The template of pods that could be adopted."""

    metadata: PodMetadata
    spec: LivePodSpec


class WorkloadSpec(Struct, rename="camel"):
    """The spec of a Deployment or StatefulSet."""

    template: LiveTemplate
    replicas: int = 1
    volume_claim_templates: list[Named] | None = None


class LiveMetadata(Struct):
    """The metadata of an object in a namespace."""

    name: str
    namespace: str
    labels: dict[str, str] | None = None


class Workload(Struct):
    """A Deployment or StatefulSet that could be adopted."""

    metadata: LiveMetadata
    spec: WorkloadSpec


class Port(Struct):
    """A port of a Service."""

    port: int


class ServiceSpec(Struct, rename="camel"):
    """The spec of a Service."""

    cluster_ip: str = msgspec.field(name="clusterIP", default="")
    selector: dict[str, str] | None = None
    ports: list[Port] | None = None


class Service(Struct):
    """A Service."""

    metadata: LiveMetadata
    spec: ServiceSpec


class Requests(Struct):
    """The size of a volume claim."""

    storage: str


class ClaimResources(Struct):
    """The resources of a volume claim."""

    requests: Requests


class ClaimSpec(Struct):
    """The spec of a volume claim."""

    resources: ClaimResources


class VolumeClaim(Struct):
    """A PersistentVolumeClaim."""

    metadata: LiveMetadata
    spec: ClaimSpec


LIVE: dict[str, type[Struct]] = {
    "Deployment": Workload,
    "StatefulSet": Workload,
    "Service": Service,
    "PersistentVolumeClaim": VolumeClaim,
}


def live(manifest: Manifest) -> Manifest:
    """A live object that has the fields of its kind. Raises WrongAnswerError."""
    form = LIVE.get(converted(manifest, Kind).kind)
    if form is not None:
        converted(manifest, form)
    return manifest
