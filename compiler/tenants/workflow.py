"""A workload as an Argo workflow: its pod as a template, started by hand or on a schedule.

Argo writes the pod, so settings without a field in a template go into a patch of the pod. Argo adds
a sidecar, which needs a token and the artefact store.
"""

from __future__ import annotations

from collections.abc import Iterator
from json import dumps
from typing import Any

from compiler import kube, model
from compiler.interfaces import workflows
from compiler.model.resource import Resource
from compiler.spec.tenant import WorkloadSpec as Spec


def resources(
    me: model.Instance[Spec], template: model.Manifest, deadline: int, argo: workflows.Endpoint
) -> Iterator[model.Piece]:
    """The template and its schedule."""
    yield _template(me, template, deadline, argo)
    if me.spec.schedule:
        yield _schedule(me)


def _template(
    me: model.Instance[Spec], template: model.Manifest, deadline: int, argo: workflows.Endpoint
) -> Resource:
    """The WorkflowTemplate: the pod of the workload as its only step."""
    pod = template["spec"]
    (container,) = pod["containers"]
    # Labels for the controller that creates the pod, and for the store that its sidecar uses.
    makers = {binding.label: "true" for binding in (argo.binding, *argo.binding.entailed)}
    labels = {**template["metadata"]["labels"], **makers}
    spec: dict[str, Any] = {
        "entrypoint": "main",
        "serviceAccountName": argo.account,
        "automountServiceAccountToken": True,
        "activeDeadlineSeconds": deadline,
        "podMetadata": {"labels": dict(sorted(labels.items()))},
        "podSpecPatch": dumps({"enableServiceLinks": pod["enableServiceLinks"]}),
        "securityContext": pod["securityContext"],
        "volumes": pod["volumes"],
        "templates": [
            {
                "name": "main",
                "retryStrategy": {"limit": str(me.spec.retries)},
                "container": {key: value for key, value in container.items() if key != "name"},
            }
        ],
    }
    spec |= {key: pod[key] for key in ("nodeSelector", "tolerations") if key in pod}
    return Resource.of(workflows.TEMPLATE, kube.metadata(me, role="workload"), spec)


def _schedule(me: model.Instance[Spec]) -> Resource:
    spec = {
        "schedules": [me.spec.schedule],
        "timezone": "Etc/UTC",
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": 600,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
        "workflowSpec": {"workflowTemplateRef": {"name": me.name}},
    }
    # In a later wave: Argo (4.0.5) refuses a schedule whose template it has not seen, and looks at it
    # again after twenty minutes.
    return Resource.of(workflows.CRON_WORKFLOW, kube.metadata(me, role="workload"), spec, step=1)
