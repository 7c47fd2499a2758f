"""The objects that a cluster holds before a platform is delivered to it, as the spec's author knows:
definitions, operators' namespaces, volumes to bind, the nodes' labels, the classes of priority."""

from __future__ import annotations

from collections.abc import Iterable

from live.control_plane import ControlPlane, Manifest
from live.pods.objects import pod_template

SCHEDULED = ("Deployment", "StatefulSet", "Job", "CronJob")


def prepare(plane: ControlPlane, objects: list[Manifest]) -> None:
    """Put a platform's prerequisites into a cluster."""
    plane.install(objects)
    namespaces = {
        manifest["metadata"]["name"] for manifest in objects if manifest["kind"] == "Namespace"
    }
    used = {manifest["metadata"].get("namespace", "default") for manifest in objects}
    plane.apply(namespace(name) for name in sorted(used - namespaces - {"default", "kube-system"}))
    adopted = adopted_claims(objects)
    plane.apply(namespace(space) for space in sorted({space for space, _ in adopted}))
    classes = [*claims(objects), *("standard" for _ in adopted)]
    plane.apply(volume(index, name) for index, name in enumerate(classes))
    plane.apply(claim(*names) for names in adopted)
    pods = [pod_template(manifest)["spec"] for manifest in objects if manifest["kind"] in SCHEDULED]
    plane.apply(
        priority_class(name)
        for name in sorted({pod["priorityClassName"] for pod in pods if "priorityClassName" in pod})
    )
    for label in sorted({item for pod in pods for item in pod.get("nodeSelector", {}).items()}):
        plane.kubectl("label", "nodes", "--all", "--overwrite", "=".join(label))


def namespace(name: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def priority_class(name: str) -> Manifest:
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name},
        "value": 1000,
    }


def claims(objects: Iterable[Manifest]) -> list[str]:
    """The class of every volume that an environment asks for."""
    actual = []
    for manifest in objects:
        if manifest["kind"] == "StatefulSet":
            templates = manifest["spec"].get("volumeClaimTemplates", ())
            actual += [claim["spec"] for claim in templates] * manifest["spec"].get("replicas", 1)
        elif manifest["kind"] == "PersistentVolumeClaim":
            actual.append(manifest["spec"])
    return [claim.get("storageClassName", "standard") for claim in actual]


def adopted_claims(objects: Iterable[Manifest]) -> list[tuple[str, str]]:
    """The claims that pods mount and the platform does not make: their namespaces and names."""
    mounted: set[tuple[str, str]] = set()
    compiled: set[tuple[str, str]] = set()
    for manifest in objects:
        space = manifest["metadata"].get("namespace", "")
        if manifest["kind"] == "PersistentVolumeClaim":
            compiled.add((space, manifest["metadata"]["name"]))
        elif manifest["kind"] in SCHEDULED:
            for mount in pod_template(manifest)["spec"].get("volumes", ()):
                if "persistentVolumeClaim" in mount:
                    mounted.add((space, mount["persistentVolumeClaim"]["claimName"]))
    return sorted(mounted - compiled)


def claim(space: str, name: str) -> Manifest:
    resources = {"requests": {"storage": "1Gi"}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": space},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": resources},
    }


def volume(index: int, storage_class: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"volume-{index}"},
        "spec": {
            "capacity": {"storage": "10Ti"},
            "accessModes": ["ReadWriteOnce", "ReadWriteMany"],
            "storageClassName": storage_class,
            "hostPath": {"path": "/nowhere"},
        },
    }
