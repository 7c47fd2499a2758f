"""Name the claimed volumes of a StatefulSet's pods."""

from __future__ import annotations

from typing import Any

from compiler.model.custom_resource import at
from compiler.model.manifest import Manifest


def claim_names(manifest: Manifest) -> frozenset[str]:
    """The names that a StatefulSet's pods have for their claimed volumes."""
    if manifest.get("kind") != "StatefulSet":
        return frozenset()
    volumes = at(manifest, ("spec", "template", "spec", "volumes")) or ()
    adopted = (volume["name"] for volume in volumes if "persistentVolumeClaim" in volume)
    return template_names(manifest) | frozenset(adopted)


def template_names(manifest: Manifest) -> frozenset[str]:
    """The names of a StatefulSet's volume claim templates."""
    templates = at(manifest, ("spec", "volumeClaimTemplates")) or ()
    return frozenset(claim["metadata"]["name"] for claim in templates)


def volume_claims(manifest: Manifest) -> frozenset[str]:
    """The names of the PersistentVolumeClaims of a StatefulSet's pods."""
    if manifest.get("kind") != "StatefulSet":
        return frozenset()
    spec, name = manifest["spec"], manifest["metadata"]["name"]
    pods = range(int(spec.get("replicas", 1)))
    templates = {f"{claim}-{name}-{pod}" for claim in template_names(manifest) for pod in pods}
    return frozenset(templates | claims_of(at(spec, ("template", "spec", "volumes"))))


def deletes_volumes(manifest: Manifest) -> bool:
    """Whether the volumes of a StatefulSet are deleted with it."""
    policy = manifest.get("spec", {}).get("persistentVolumeClaimRetentionPolicy") or {}
    return bool(policy.get("whenDeleted") == "Delete")


def claims_of(value: Any) -> set[str]:
    """The claims that a volume, or a list of volumes, names."""
    if isinstance(value, dict):
        claim = value.get("persistentVolumeClaim")
        return {claim["claimName"]} if claim else set()
    return {name for element in value or () for name in claims_of(element)}
