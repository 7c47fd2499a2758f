"""The features of Knative that a user's patches of a model need.

Facts are of Knative Serving 1.21.1: its webhook refuses a field of a pod whose feature is not enabled
(pkg/apis/serving/fieldmask.go, k8s_validation.go; the names are in pkg/apis/config/features.go). Features that
give pods rights on their node, such as `hostPath`, are left out: `restricted` refuses these pods anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from compiler.spec.patch import Patch

_OF_PODS = {
    "affinity": "podspec-affinity",
    "dnsConfig": "podspec-dnsconfig",
    "dnsPolicy": "podspec-dnspolicy",
    "hostAliases": "podspec-hostaliases",
    "initContainers": "podspec-init-containers",
    "nodeSelector": "podspec-nodeselector",
    "priorityClassName": "podspec-priorityclassname",
    "runtimeClassName": "podspec-runtimeclassname",
    "schedulerName": "podspec-schedulername",
    "securityContext": "podspec-securitycontext",
    "tolerations": "podspec-tolerations",
    "topologySpreadConstraints": "podspec-topologyspreadconstraints",
}
_OF_VOLUMES = {
    "csi": "podspec-volumes-csi",
    "image": "podspec-volumes-image",
    "persistentVolumeClaim": "podspec-persistent-volume-claim",
}
_OF_VARIABLES = ("fieldRef", "resourceFieldRef")


def of_patches(patches: Iterable[Patch]) -> frozenset[str]:
    """The features that the patches of a model need, without `kubernetes.`."""
    return frozenset(
        feature
        for patch in patches
        for operation in patch.operations
        if operation.op in ("add", "replace")
        for feature in _of_model(_nested(operation.path, operation.value))
    )


def _nested(path: str, content: Any) -> Any:
    """What a JSON pointer and a value say of an object, as a map of maps."""
    for word in reversed(path.split("/")[1:]):
        content = {word: content}
    return content


def _of_model(manifest: Any) -> Iterator[str]:
    spec = _map(_map(manifest).get("spec"))
    for component in ("predictor", "transformer"):
        pod = _map(spec.get(component))
        yield from (_OF_PODS[field] for field in pod.keys() & _OF_PODS.keys())
        for field, content in _fields(pod.get("volumes")):
            if field in _OF_VOLUMES:
                yield _OF_VOLUMES[field]
            if field == "persistentVolumeClaim" and not _map(content).get("readOnly"):
                yield "podspec-persistent-volume-write"
        if any(field in _OF_VARIABLES for field, _ in _fields(pod)):
            yield "podspec-fieldref"


def _map(content: Any) -> Mapping[str, Any]:
    return content if isinstance(content, Mapping) else {}


def _fields(content: Any) -> Iterator[tuple[str, Any]]:
    """Each field of maps and lists in each other, with its content."""
    if isinstance(content, list | tuple):
        for entry in content:
            yield from _fields(entry)
    for field, inner in _map(content).items():
        yield field, inner
        yield from _fields(inner)
