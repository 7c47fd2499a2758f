"""The fields of live objects that decide whether and how a server can be adopted."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Struct, UnsetType

from compiler.delivery.answers import Named, converted
from compiler.model.manifest import Manifest


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
