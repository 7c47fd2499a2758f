"""Set the platform's pull policy on every container: when a node pulls an image that it has already.

The objects of operators have their containers in forms of their own, where their writers set the policy.
"""

from __future__ import annotations

from functools import partial

from compiler import kube
from compiler.derive.packages import each_pod, with_containers
from compiler.diagnostics import Report
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package


def derive(lowered: Lowered, report: Report) -> Lowered:
    change = partial(kube.pulled, policy=lowered.platform.settings.registry.pull_policy)

    def add_policy(package: Package, template: Manifest) -> Manifest:
        return {**template, "spec": with_containers(template["spec"], change)}

    return each_pod(lowered, add_policy)
