"""The registry mirror: every image of every pod comes from it, under its full name."""

from __future__ import annotations

from compiler.derive.packages import each_pod
from compiler.diagnostics import Report
from compiler.model.package import Lowered, Package
from compiler.model.resource import Manifest


def derive(lowered: Lowered, report: Report) -> Lowered:
    mirror = lowered.platform.settings.registry.mirror
    if mirror is None:
        return lowered

    def one(package: Package, template: Manifest) -> Manifest:
        spec = dict(template["spec"])
        for key in ("initContainers", "containers"):
            if key in spec:
                spec[key] = [
                    {**container, "image": mirrored(container["image"], mirror)}
                    for container in spec[key]
                ]
        return {**template, "spec": spec}

    return each_pod(lowered, one)


def full_name(image: str) -> str:
    """An image with the registry that a container runtime would add."""
    first, slash, _ = image.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return image
    return f"docker.io/{image}" if slash else f"docker.io/library/{image}"


def mirrored(image: str, mirror: str) -> str:
    """An image as the mirror holds it."""
    return image if image.startswith(f"{mirror}/") else f"{mirror}/{full_name(image)}"
