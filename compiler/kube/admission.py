"""Find mistakes that an API server rejects although the object fits its schema.

The facts are from Kubernetes 1.34: its validation of pods, Services and workloads (pkg/apis), and
the fields that identify the elements of a list (`x-kubernetes-list-map-keys` in its OpenAPI
document). `kubectl apply --server-side` requires unique fields for environment
variables too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from compiler.document.pointer import below
from compiler.kube import keys, pod_security, sources
from compiler.kube.pod_security import Violation
from compiler.kube.rejection import Rejection
from compiler.model.custom_resource import is_custom
from compiler.model.manifest import Manifest
from compiler.model.resource import pod_template

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
    """Yield each part that the API server rejects or drops in an object that fits its schema."""
    empty = [
        Rejection(at, f"`{at}` is null, which says nothing", "take it away with `op: remove`")
        for at in _nulls(manifest, "")
    ]
    yield from empty or _of_kind(manifest)


def insecure(manifest: Manifest) -> Iterator[Rejection]:
    """Yield each violation of the `restricted` Pod Security Standard in the pods of an object."""
    template = pod_template(manifest)
    at = f"{_TEMPLATES.get(manifest['kind'], '')}/spec"
    pod = template["spec"] if template else {}
    if pod_violations := list(pod_security.of_pod(pod)):
        yield _forbidden(at, "its pod has", pod_violations)
    annotations = (template or {}).get("metadata", {}).get("annotations") or {}
    if annotated := list(pod_security.of_annotations(annotations)):
        annotations_at = f"{at.removesuffix('/spec')}/metadata/annotations"
        yield _forbidden(annotations_at, "its pod has", annotated)
    for container_at, container in _containers(pod, at):
        if violations := list(pod_security.of_container(container, pod)):
            yield _forbidden(container_at, f"`{container['name']}` has", violations)


def _forbidden(at: str, subject: str, violations: Sequence[Violation]) -> Rejection:
    help = "the platform's namespaces enforce `restricted` Pod Security"
    return Rejection(at, f"{subject} {', '.join(violation.text for violation in violations)}", help)


def _nulls(value: Any, at: str) -> Iterator[str]:
    if value is None:
        yield at
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _nulls(inner, below(at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _nulls(inner, f"{at}/{index}")


def _of_kind(manifest: Manifest) -> Iterator[Rejection]:
    """Check an object by the rules of its kind."""
    kind = manifest["kind"]
    if is_custom(manifest):
        yield from keys.of_metadata(manifest["metadata"], "/metadata")
    else:
        yield from keys.of_maps(manifest, "")
    if kind in ("ConfigMap", "Secret"):
        yield from keys.of_data(manifest)
    if kind == "Service":
        yield from _service(manifest.get("spec") or {})
    if kind in _TEMPLATES:
        yield from _workload(manifest, _TEMPLATES[kind])


def _service(spec: Manifest) -> Iterator[Rejection]:
    """Check a Service: it has ports unless it is headless or only another name of a host."""
    yield from keys.of_labels(spec.get("selector") or {}, "/spec/selector")
    yield from _duplicates(spec, "/spec", {"ports": ("port", "protocol")})
    yield from _duplicates(spec, "/spec", {"ports": ("name",)})
    portless = spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None"
    if not spec.get("ports") and not portless:
        yield Rejection("/spec/ports", "`/spec/ports` is missing", "leave it a port")


def _workload(manifest: Manifest, at: str) -> Iterator[Rejection]:
    """Check the pod template, the selector and the claims of a workload."""
    for required in (f"{at}/metadata", f"{at}/spec/containers"):
        if not _at(manifest, required):
            yield Rejection(
                required, f"`{required}` is missing", "keep it, and change its contents"
            )
            return
    spec, template = manifest["spec"], _at(manifest, at)
    labels = template["metadata"].get("labels", {})
    for label, value in sorted(spec.get("selector", {}).get("matchLabels", {}).items()):
        if labels.get(label) != value:
            yield Rejection(
                below(f"{at}/metadata/labels", label),
                f"its pods would lack `{label}: {value}`, by which it selects them",
                "leave the label as it is",
            )
    claims = [claim.get("metadata", {}) for claim in spec.get("volumeClaimTemplates", ())]
    yield from _pod(template["spec"], f"{at}/spec", {claim.get("name") for claim in claims})


def _pod(pod: Manifest, at: str, claims: set[str | None]) -> Iterator[Rejection]:
    yield from _duplicates(pod, at, _POD)
    containers = _containers(pod, at)
    yield from _equal_identities(containers, ("name",))
    for key, role in (("containers", "a container"), ("initContainers", "a container"),
                      ("volumes", "a volume")):  # fmt: skip
        yield from keys.of_names(pod.get(key, ()), f"{at}/{key}", role)
    volumes = claims | {volume["name"] for volume in pod.get("volumes", ())}
    for index, volume in enumerate(pod.get("volumes", ())):
        yield from sources.of_volume(volume, f"{at}/volumes/{index}")
    for container_at, container in containers:
        yield from _container(container, container_at, volumes)


def _containers(pod: Manifest, at: str) -> list[tuple[str, Manifest]]:
    """Each container and init container, with its JSON pointer."""
    return [
        (f"{at}/{key}/{index}", container)
        for key in ("containers", "initContainers")
        for index, container in enumerate(pod.get(key, ()))
    ]


def _container(container: Manifest, at: str, volumes: set[str | None]) -> Iterator[Rejection]:
    """Check one container: its lists, ports, mounts, and names of variables."""
    if "image" not in container:
        yield Rejection(f"{at}/image", f"`{container['name']}` has no image", "leave it one")
    yield from keys.of_variables(container.get("env", ()), f"{at}/env")
    yield from keys.of_names(container.get("ports", ()), f"{at}/ports", "a port")
    yield from _duplicates(container, at, _CONTAINER)
    yield from _duplicates(container, at, {"ports": ("name",)})
    yield from sources.of_container(container, at)
    for index, mount in enumerate(container.get("volumeMounts", ())):
        if mount["name"] not in volumes:
            volume = f"no volume is called `{mount['name']}`"
            yield Rejection(f"{at}/volumeMounts/{index}", volume, "add it to the pod's `volumes`")


def _duplicates(
    holder: Manifest, at: str, lists: dict[str, tuple[str, ...]]
) -> Iterator[Rejection]:
    for key, fields in lists.items():
        elements = enumerate(holder.get(key, ()))
        yield from _equal_identities(
            [(f"{at}/{key}/{i}", element) for i, element in elements], fields
        )


def _equal_identities(
    elements: Sequence[tuple[str, Manifest]], fields: tuple[str, ...]
) -> Iterator[Rejection]:
    """Yield the elements of a list that have the same identifying fields as an earlier one."""
    first_at: dict[tuple[Any, ...], str] = {}
    for at, element in elements:
        identity = tuple(element.get(field, _DEFAULTS.get(field)) for field in fields)
        earlier = first_at.setdefault(identity, at)
        if earlier != at and None not in identity:
            fields_text = ", ".join(
                f"`{field}: {value}`" for field, value in zip(fields, identity, strict=True)
            )
            yield Rejection(at, f"{fields_text} occurs twice", f"replace the one at `{earlier}`")


def _at(value: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        value = value.get(part) if isinstance(value, dict) else None
    return value
