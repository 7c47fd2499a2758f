"""Set the platform's pull policy on every container: when a node pulls an image that it has already."""

from __future__ import annotations

from functools import partial

from compiler.derive.packages import each_pod, with_containers
from compiler.diagnostics import Report
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package


def derive(lowered: Lowered, report: Report) -> Lowered:
    policy = lowered.platform.settings.registry.pull_policy

    def add_policy(package: Package, template: Manifest) -> Manifest:
        spec = with_containers(template["spec"], partial(_with_policy, policy=policy))
        return {**template, "spec": spec}

    return each_pod(lowered, add_policy)


def _with_policy(container: Manifest, policy: str) -> Manifest:
    """Insert the policy directly after the image."""
    rest = {key: value for key, value in container.items() if key not in ("name", "image")}
    name, image = container["name"], container["image"]
    return {"name": name, "image": image, "imagePullPolicy": policy, **rest}
