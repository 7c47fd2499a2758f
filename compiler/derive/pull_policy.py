"""Set the platform's pull policy on every container: when a node pulls an image that it has already."""

from __future__ import annotations

from compiler.derive.packages import each_pod
from compiler.diagnostics import Report
from compiler.model.package import Lowered, Package
from compiler.model.resource import Manifest


def derive(lowered: Lowered, report: Report) -> Lowered:
    policy = lowered.platform.settings.registry.pull_policy

    def add_policy(package: Package, template: Manifest) -> Manifest:
        spec = dict(template["spec"])
        for key in ("initContainers", "containers"):
            if key in spec:
                spec[key] = [_with_policy(container, policy) for container in spec[key]]
        return {**template, "spec": spec}

    return each_pod(lowered, add_policy)


def _with_policy(container: Manifest, policy: str) -> Manifest:
    """Insert the policy directly after the image."""
    rest = {key: value for key, value in container.items() if key not in ("name", "image")}
    name, image = container["name"], container["image"]
    return {"name": name, "image": image, "imagePullPolicy": policy, **rest}
