"""`minReplicas` above `maxReplicas`: the API server refuses the autoscaler."""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Related, Report
from compiler.model import Instance, Path, Platform


def check_instance(instance: Instance[Any], platform: Platform, report: Report) -> None:
    low = getattr(instance.spec, "min_replicas", None)
    high = getattr(instance.spec, "max_replicas", None)
    if low is not None and high is not None and low > high:
        path: Path = (*instance.path, "minReplicas")
        document = platform.document
        report.add(
            "replica-range",
            f"`{instance.name}` wants at least {low} replicas and at most {high}",
            document.value_span(path),
            path=path,
            help=f"write `maxReplicas: {low}` or more",
            related=[Related("the most", document.value_span((*instance.path, "maxReplicas")))],
        )
