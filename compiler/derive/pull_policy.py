"""When a node asks the registry for an image that it has: the platform's policy on every container."""

from __future__ import annotations

from compiler.derive.packages import each_pod
from compiler.diagnostics import Report
from compiler.model.package import Lowered, Package
from compiler.model.resource import Manifest


def derive(lowered: Lowered, report: Report) -> Lowered:
    policy = lowered.platform.settings.registry.pull_policy

    def one(package: Package, template: Manifest) -> Manifest:
        spec = dict(template["spec"])
        for key in ("initContainers", "containers"):
            if key in spec:
                spec[key] = [_with_policy(container, policy) for container in spec[key]]
        return {**template, "spec": spec}

    return each_pod(lowered, one)


def _with_policy(container: Manifest, policy: str) -> Manifest:
    """The policy stands beside the image."""
    rest = {key: value for key, value in container.items() if key not in ("name", "image")}
    name, image = container["name"], container["image"]
    return {"name": name, "image": image, "imagePullPolicy": policy, **rest}
