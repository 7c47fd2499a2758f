"""The fields of kubectl's answers that the checks of a cluster read."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field


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

    spec: PodSpec = field(default_factory=PodSpec)


class DeploymentSpec(Struct):
    """The spec of a Deployment."""

    template: Template = field(default_factory=Template)


class Labelled(Struct):
    """The metadata of an object with labels."""

    labels: dict[str, str] = {}


class Deployment(Struct):
    """A Deployment of an upstream system, whose release is in a label or in an image."""

    metadata: Labelled = field(default_factory=Labelled)
    spec: DeploymentSpec = field(default_factory=DeploymentSpec)
