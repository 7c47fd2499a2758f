"""Say whether a new StatefulSet takes over the pods that an earlier one of its name has left.

Facts of Kubernetes 1.36 (pkg/controller/statefulset): a controller adopts the orphans that its selector matches.
If another pod has the name of one that it makes, it makes none and tries again. It gives an adopted pod the volumes
of its claim templates by an update, which the API server refuses, because volumes of a pod never change
(kubernetes#141876).
"""

from __future__ import annotations

from compiler.model.custom_resource import at
from compiler.model.manifest import Manifest
from compiler.model.volume_claims import claims_of, template_names


def takes_over(before: Manifest, after: Manifest) -> bool:
    """Whether the pods of a StatefulSet can stay while it is made anew."""
    pods = range(_least_replicas(before, after))
    return _selects(before, after) and all(_has_volumes(before, after, pod) for pod in pods)


def _selects(before: Manifest, after: Manifest) -> bool:
    """Whether the new selector matches the labels of the earlier pods."""
    selector = after["spec"].get("selector") or {}
    if selector.get("matchExpressions"):
        return bool(selector == before["spec"].get("selector"))
    labels = at(before, ("spec", "template", "metadata", "labels")) or {}
    return bool((selector.get("matchLabels") or {}).items() <= labels.items())


def _has_volumes(before: Manifest, after: Manifest, pod: int) -> bool:
    """Whether an earlier pod has the volume of each claim template."""
    name = after["metadata"]["name"]
    claims = template_names(after) - template_names(before)
    volumes = at(before, ("spec", "template", "spec", "volumes")) or ()
    claimed = {volume["name"]: claims_of(volume) for volume in volumes}
    return all(claimed.get(claim) == {f"{claim}-{name}-{pod}"} for claim in claims)


def _least_replicas(*manifests: Manifest) -> int:
    return min(int(manifest["spec"].get("replicas", 1)) for manifest in manifests)
