"""Write the `adopt` sections for servers that run in a cluster, from the answers of kubectl.

All questions go through a function that runs kubectl, and none is about Secrets: a value that a pod takes
from a Secret stays unknown, and a comment names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from compiler import registry
from compiler.delivery.adopting_names import Server, section_names
from compiler.delivery.answers import Ask, ListOf, parsed
from compiler.delivery.live_objects import live
from compiler.kube import yaml
from compiler.model.component import Component
from compiler.model.live_pod import LivePod
from compiler.model.manifest import Manifest
from compiler.model.package import KUBERNETES, Lowered
from compiler.spec.image import full_name, split_image
from compiler.spec.section import Section, accepts, fields
from compiler.spec.types import Image
from compiler.text import printable

_KINDS = "deployments,statefulsets,services,persistentvolumeclaims"
_LOG_LINE = re.compile(r"[EIW][0-9]{4} ")
_WHY_NO_IMAGE = "because this one has no version or comes from another publisher"


class NoAnswerError(Exception):
    """kubectl gave no list of objects."""


class Adoption(Struct, frozen=True):
    """The section of a live server, and comments on the keys that it lacks."""

    name: str
    section: Mapping[str, Any]
    comments: tuple[str, ...]


def live_objects(ask: Ask, namespaces: tuple[str, ...]) -> list[Manifest]:
    """The objects of some namespaces that the platform could take over.

    Raises WrongAnswerError: everything below relies on the fields that are checked here.
    """
    objects: list[Manifest] = []
    for namespace in namespaces:
        status, text, error = ask(["get", _KINDS, "-n", namespace, "-o", "json"], "")
        if status:
            raise NoAnswerError(f"the cluster does not answer: {_without_log(error)}")
        objects += map(live, parsed(text, ListOf[Manifest]).items)
    return objects


def _without_log(error: str) -> str:
    """What kubectl says itself, without the lines of its client's log (`E1129 10:00:00.0 memcache.go:265]`)."""
    lines = [line.strip() for line in error.splitlines() if not _LOG_LINE.match(line)]
    return " ".join(filter(None, lines)) or error.strip().rpartition("\n")[2]


def adoptions(lowered: Lowered, objects: list[Manifest]) -> Iterator[Adoption]:
    """One section for each live server that the platform did not make, and whose type can adopt."""
    servers = [
        Server(type, workload)
        for workload in objects
        if workload.get("kind") in ("Deployment", "StatefulSet") and not _compiled(workload)
        for type in _types(workload)
    ]
    for server, name in section_names(lowered.graph, servers):
        yield _adoption(lowered, name, server, objects)


def strangers(objects: list[Manifest]) -> list[str]:
    """The live servers that are not compiled and of no component type."""
    return [
        f"{manifest['kind']} {manifest['metadata']['namespace']}/{manifest['metadata']['name']}"
        for manifest in objects
        if manifest.get("kind") in ("Deployment", "StatefulSet")
        and not _compiled(manifest)
        and not any(_types(manifest))
    ]


def text(adoption: Adoption) -> str:
    """The section as a part of platform.yaml, its comments first."""
    comments = "".join(f"# {printable(line)}\n" for line in adoption.comments)
    section = f"{comments}{yaml.dump({adoption.name: adoption.section})}"
    return "".join(f"    {line}\n" for line in section.splitlines())


def _compiled(workload: Manifest) -> bool:
    return bool(_labels(workload).get(f"{KUBERNETES}/managed-by") == "platformc")


def _labels(manifest: Manifest) -> Mapping[str, str]:
    return manifest["metadata"].get("labels") or {}


def _types(workload: Manifest) -> Iterator[str]:
    """The types that its containers run, by the last part of their images."""
    images = [container["image"] for container in LivePod.of(workload).containers]
    programs = {split_image(image)[0].rpartition("/")[2] for image in images}
    for type in registry.builtin_types():
        fields = registry.existing(type).Spec.model_fields
        if "adopt" in fields:
            default = split_image(fields["image"].default)[0]
            # Other publishers call the same program `postgresql` or `redis-server`.
            program = re.escape(default.rpartition("/")[2]) + r"(ql|-server)?"
            if any(re.fullmatch(program, name) for name in programs):
                yield type


def _adoption(lowered: Lowered, name: str, server: Server, objects: list[Manifest]) -> Adoption:
    """The section that adopts one live server, with comments."""
    component, workload = registry.existing(server.type), server.workload
    adopt, comments = _adopted(component, workload, objects)
    section: dict[str, Any] = {} if name == server.type else {"type": server.type}
    if server.namespace != _namespace(lowered, name):
        section["namespace"] = server.namespace
    pod = LivePod.of(workload)
    image = _image(component, pod)
    section |= {"image": image} if image else {}
    section |= _size(component, adopt, server, objects)
    live = f"{workload['kind']} {workload['metadata']['name']}"
    images = ", ".join(container["image"] for container in pod.containers)
    if not image:
        comments.append(f"`image` is not set: write one with the server's version, {_WHY_NO_IMAGE}")
    head = [f"{live} runs {images}", *comments]
    if adopt.get("claim") and pod.user is not None:
        head.append(
            f"its files may belong to user {pod.user}, and the server must run as their owner"
        )
    return Adoption(name, {**section, "adopt": adopt}, tuple(head))


def _image(component: Component, pod: LivePod) -> str | None:
    """The image of a live server, if its publisher is the same as that of the type's default."""
    publisher = split_image(component.Spec.model_fields["image"].default)[0].split("/")[-2:]
    for container in pod.containers:
        image = full_name(container["image"])
        # The language accepts an image only with a version.
        if split_image(image)[0].split("/")[-2:] == publisher and accepts(Image, image):
            return image
    return None


def _namespace(lowered: Lowered, name: str) -> str:
    """The namespace of an instance, or of a new one that sets none."""
    instance = lowered.graph.instances.get(name)
    return instance.namespace if instance else lowered.platform.settings.namespace


def _adopted(
    component: Component, workload: Manifest, objects: list[Manifest]
) -> tuple[dict[str, Any], list[str]]:
    """The keys of `adopt` that the objects give, and comments about the others."""
    keys = _keys(component)
    pod = LivePod.of(workload)
    values: dict[str, Any] = {}
    comments: list[str] = []
    services = [manifest for manifest in objects if _selects(manifest, workload)]
    if services:
        values["service"] = services[0]["metadata"]["name"]
        ports = [port["port"] for port in services[0]["spec"]["ports"]]
        values["port"] = ports[0]
        if len(ports) > 1:
            numbers = ", ".join(map(str, ports))
            comments.append(
                f"its Service has the ports {numbers}: write the one that clients of its data use as `port`"
            )
        further = [manifest["metadata"]["name"] for manifest in services[1:]]
        comments += [f"further Services select its pods: {', '.join(further)}"] if further else []
    else:
        comments.append("no Service selects its pods")
    if "claim" in keys:
        claims = _claims(workload, pod)
        if len(claims) == 1:
            values["claim"] = claims[0]
        else:
            comments.append(f"`claim` is not set: it has {len(claims)} volumes")
    values |= {key: text for key, text in component.adoptable(pod).items() if key in keys}
    if "claim" in values and "secret" in keys:
        secret = values["secret"] = f"{workload['metadata']['name']}-admin"
        comments.append(f"{_reason('secret', pod)}, under the name `{secret}`")
    comments += [
        f"`{key}` is not set: {_reason(key, pod)}"
        for key in keys
        if key not in values and key not in ("service", "port", "claim")
    ]
    return values, comments


def _keys(component: Component) -> list[str]:
    """The keys of the type's `adopt` section."""
    annotation = component.Spec.model_fields["adopt"].annotation
    (section,) = (part for part in annotation.__args__ if part is not type(None))
    assert issubclass(section, Section)
    return [key for _, key, _ in fields(section)]


def _reason(key: str, pod: LivePod) -> str:
    if key == "secret":
        return "make a Secret with the administrator's `username` and `password`"
    if pod.secrets:
        return f"the pods may have it from a Secret ({', '.join(pod.secrets)}), which is not read"
    return "the pods do not say it"


def _selects(service: Manifest, workload: Manifest) -> bool:
    """Whether a Service with a separate address and a port leads to a workload's pods."""
    if service.get("kind") != "Service" or service["spec"].get("clusterIP") == "None":
        return False
    if not service["spec"].get("ports"):
        return False
    selector = service["spec"].get("selector") or {}
    labels = workload["spec"]["template"]["metadata"].get("labels") or {}
    same_space = service["metadata"].get("namespace") == workload["metadata"].get("namespace")
    return bool(selector) and same_space and selector.items() <= labels.items()


def _claims(workload: Manifest, pod: LivePod) -> list[str]:
    """The volume claims of a workload's pods."""
    name, replicas = workload["metadata"]["name"], int(workload["spec"].get("replicas", 1))
    templates = workload["spec"].get("volumeClaimTemplates") or ()
    of_templates = [
        f"{template['metadata']['name']}-{name}-{index}"
        for template in templates
        for index in range(replicas)
    ]
    return [*of_templates, *pod.claims]


def _size(
    component: Component, adopt: Mapping[str, Any], server: Server, objects: list[Manifest]
) -> dict[str, str]:
    """The size of the adopted volume, from which settings are derived."""
    if "storage" not in component.Spec.model_fields or "claim" not in adopt:
        return {}
    sizes = [
        str(manifest["spec"]["resources"]["requests"]["storage"])
        for manifest in objects
        if manifest.get("kind") == "PersistentVolumeClaim"
        and manifest["metadata"]["name"] == adopt["claim"]
        and manifest["metadata"].get("namespace", "") == server.namespace
    ]
    return {"storage": sizes[0]} if sizes else {}
