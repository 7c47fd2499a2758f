"""What an environment runs: its images."""

from __future__ import annotations

from compiler.model.package import Lowered
from compiler.model.resource import pod_template


def images(lowered: Lowered) -> tuple[str, ...]:
    """Every image of every pod, sorted."""
    found: set[str] = set()
    for package in lowered.packages.values():
        for resource in package.resources:
            template = pod_template(resource.manifest)
            spec = template["spec"] if template else {}
            for container in (*spec.get("initContainers", ()), *spec.get("containers", ())):
                found.add(container["image"])
    return tuple(sorted(found))
