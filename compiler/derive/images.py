"""Where the images of pods come from: the mirror, under their full names, and when to ask it."""

from __future__ import annotations

from compiler.derive.packages import each_pod
from compiler.diagnostics import Report
from compiler.model.package import Lowered, Package
from compiler.model.resource import Manifest
from compiler.model.spec import Registry


def derive(lowered: Lowered, report: Report) -> Lowered:
    registry = lowered.platform.settings.registry

    def one(package: Package, template: Manifest) -> Manifest:
        spec = dict(template["spec"])
        for key in ("initContainers", "containers"):
            if key in spec:
                spec[key] = [_pulled(container, registry) for container in spec[key]]
        return {**template, "spec": spec}

    return each_pod(lowered, one)


def _pulled(container: Manifest, registry: Registry) -> Manifest:
    """A container whose image is the mirror's; the policy stands beside the image."""
    image = container["image"]
    image = mirrored(image, registry.mirror) if registry.mirror else image
    rest = {key: value for key, value in container.items() if key not in ("name", "image")}
    name = container["name"]
    return {"name": name, "image": image, "imagePullPolicy": registry.pull_policy, **rest}


def full_name(image: str) -> str:
    """An image with the registry that a container runtime would add."""
    first, slash, _ = image.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return image
    return f"docker.io/{image}" if slash else f"docker.io/library/{image}"


def mirrored(image: str, mirror: str) -> str:
    """An image as the mirror holds it."""
    return image if image.startswith(f"{mirror}/") else f"{mirror}/{full_name(image)}"
