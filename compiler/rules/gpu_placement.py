"""A GPU without a condition on the nodes: the pod gets an arbitrary model of GPU."""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Report
from compiler.model import Instance, Path, Platform
from compiler.spec.tenant import TenantSpec


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    spec = instance.spec
    gpus = getattr(spec, "gpus", None)
    if gpus is not None and not _chooses_nodes(spec):
        path: Path = (*instance.path, "gpu")
        report.add(
            "gpu-placement",
            f"`{instance.name}` asks for {gpus.count} x {gpus.resource} on any node that has it",
            platform.document.value_span(path),
            path=path,
            help="name the nodes, such as `nodeSelector: {nvidia.com/gpu.product: "
            "NVIDIA-A100-SXM4-80GB}` (labels of NVIDIA's GPU feature discovery)",
        )


def _chooses_nodes(spec: TenantSpec) -> bool:
    """Whether labels decide which nodes may run the pod; a preference admits all other nodes too."""
    return bool(spec.node_selector or (spec.node_affinity and spec.node_affinity.required))
