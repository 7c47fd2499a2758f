"""What an API server refuses of an object although it fits its schema.

Facts are of Kubernetes 1.34: what its validation of pods, Services and workloads says (pkg/apis), and which
fields tell the elements of a list apart (`x-kubernetes-list-map-keys` of its OpenAPI document), which
`kubectl apply --server-side` insists on for variables too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from compiler.kube import pod_security, sources
from compiler.kube.rejection import Rejection
from compiler.model.resource import Manifest, pod_template

_POD = {
    "volumes": ("name",), "imagePullSecrets": ("name",), "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}  # fmt: skip
_CONTAINER = {
    "env": ("name",), "ports": ("containerPort", "protocol"), "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
}  # fmt: skip
_TEMPLATES = {
    "Deployment": "/spec/template", "StatefulSet": "/spec/template", "DaemonSet": "/spec/template",
    "Job": "/spec/template", "CronJob": "/spec/jobTemplate/spec/template",
}  # fmt: skip
_DEFAULTS = {"protocol": "TCP"}


def refusals(manifest: Manifest) -> Iterator[Rejection]:
    """Everything of an object that fits its schema and is refused, or dropped."""
    empty = [
        Rejection(at, f"`{at}` is null, which says nothing", "take it away with `op: remove`")
        for at in _nulls(manifest, "")
    ]
    yield from empty or _of_kind(manifest)


def insecure(manifest: Manifest) -> Iterator[Rejection]:
    """What a namespace refuses of an object's pods that enforces `restricted`."""
    template = pod_template(manifest)
    at = f"{_TEMPLATES.get(manifest['kind'], '')}/spec"
    pod = template["spec"] if template else {}
    if of_pod := list(pod_security.of_pod(pod)):
        yield _forbidden(at, "its pod has", of_pod)
    for place, container in _containers(pod, at):
        if of_one := list(pod_security.of_container(container, pod)):
            yield _forbidden(place, f"`{container['name']}` has", of_one)


def _forbidden(at: str, who: str, what: Sequence[str]) -> Rejection:
    help = "the platform's namespaces enforce `restricted` Pod Security"
    return Rejection(at, f"{who} {', '.join(what)}", help)


def _nulls(value: Any, at: str) -> Iterator[str]:
    if value is None:
        yield at
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _nulls(inner, f"{at}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _nulls(inner, f"{at}/{index}")


def _of_kind(manifest: Manifest) -> Iterator[Rejection]:
    kind = manifest["kind"]
    if kind == "Service" and "spec" in manifest:
        yield from _twice(manifest["spec"], "/spec", {"ports": ("port", "protocol")})
        yield from _twice(manifest["spec"], "/spec", {"ports": ("name",)})
    if kind in _TEMPLATES:
        yield from _workload(manifest, _TEMPLATES[kind])


def _workload(manifest: Manifest, at: str) -> Iterator[Rejection]:
    for part in (f"{at}/metadata", f"{at}/spec/containers"):
        if not _at(manifest, part):
            yield Rejection(part, f"`{part}` is gone", "leave it, and change what is in it")
            return
    spec, template = manifest["spec"], _at(manifest, at)
    labels = template["metadata"].get("labels", {})
    for label, value in sorted(spec.get("selector", {}).get("matchLabels", {}).items()):
        if labels.get(label) != value:
            yield Rejection(
                f"{at}/metadata/labels/{label.replace('/', '~1')}",
                f"its pods would lack `{label}: {value}`, by which it selects them",
                "leave the label as it is",
            )
    claims = [one.get("metadata", {}) for one in spec.get("volumeClaimTemplates", ())]
    yield from _pod(template["spec"], f"{at}/spec", {one.get("name") for one in claims})


def _pod(pod: Manifest, at: str, claims: set[str | None]) -> Iterator[Rejection]:
    yield from _twice(pod, at, _POD)
    containers = _containers(pod, at)
    yield from _same(containers, ("name",))
    volumes = claims | {one["name"] for one in pod.get("volumes", ())}
    for index, volume in enumerate(pod.get("volumes", ())):
        yield from sources.of_volume(volume, f"{at}/volumes/{index}")
    for place, container in containers:
        yield from _container(container, place, volumes)


def _containers(pod: Manifest, at: str) -> list[tuple[str, Manifest]]:
    """Each container, and where it stands."""
    return [
        (f"{at}/{key}/{index}", one)
        for key in ("containers", "initContainers")
        for index, one in enumerate(pod.get(key, ()))
    ]


def _container(container: Manifest, at: str, volumes: set[str | None]) -> Iterator[Rejection]:
    if "image" not in container:
        yield Rejection(f"{at}/image", f"`{container['name']}` has no image", "leave it one")
    yield from _twice(container, at, _CONTAINER)
    yield from _twice(container, at, {"ports": ("name",)})
    yield from sources.of_container(container, at)
    for index, mount in enumerate(container.get("volumeMounts", ())):
        if mount["name"] not in volumes:
            volume = f"no volume is called `{mount['name']}`"
            yield Rejection(f"{at}/volumeMounts/{index}", volume, "add it to the pod's `volumes`")


def _twice(holder: Manifest, at: str, lists: dict[str, tuple[str, ...]]) -> Iterator[Rejection]:
    for key, fields in lists.items():
        elements = enumerate(holder.get(key, ()))
        yield from _same([(f"{at}/{key}/{i}", one) for i, one in elements], fields)


def _same(elements: Sequence[tuple[str, Manifest]], fields: tuple[str, ...]) -> Iterator[Rejection]:
    """Elements that the server takes for one and the same."""
    first: dict[tuple[Any, ...], str] = {}
    for at, element in elements:
        known = tuple(element.get(field, _DEFAULTS.get(field)) for field in fields)
        other = first.setdefault(known, at)
        if other != at and None not in known:
            told = ", ".join(
                f"`{field}: {value}`" for field, value in zip(fields, known, strict=True)
            )
            yield Rejection(at, f"{told} stands there twice", f"replace the one at `{other}`")


def _at(value: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        value = value.get(part) if isinstance(value, dict) else None
    return value
