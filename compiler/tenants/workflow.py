"""A workload as an Argo workflow: its pod as a template, started by hand or on a schedule.

Argo writes the pod. A field of the pod goes into the field of the template that has its meaning (4.1,
workflow_types.go), and a field without such a place goes into a patch of the pod. Argo adds a sidecar,
which needs a token and the artefact store.
"""

from __future__ import annotations

from collections.abc import Iterator
from json import dumps
from typing import Any

from compiler import kube, model
from compiler.interfaces import workflows
from compiler.model.resource import Resource
from compiler.spec.duration import seconds
from compiler.spec.tenant import WorkloadSpec as Spec
from compiler.spec.types import MOST_INT32

_DAY = 86400
# Fields that only some pods have, and their names in a workflow.
_OPTIONAL = {
    "affinity": "affinity",
    "imagePullSecrets": "imagePullSecrets",
    "nodeSelector": "nodeSelector",
    "priorityClassName": "podPriorityClassName",
    "tolerations": "tolerations",
}
# Every pod has these two, and a workflow has them by the same names.
_ALWAYS = ("securityContext", "volumes")
# The fields of a pod that its step has, and those that Argo decides on by itself or for its sidecar.
_ELSEWHERE = (
    "containers",
    "initContainers",
    "restartPolicy",
    "serviceAccountName",
    "automountServiceAccountToken",
)


def problems(me: model.Instance[Spec]) -> Iterator[model.Problem]:
    yield from _command(me)
    yield from _deadline(me)


def _command(me: model.Instance[Spec]) -> Iterator[model.Problem]:
    """A step without a command, in an image of which Argo cannot read the command.

    Argo puts its executor before the command. It asks the registry for a command that the step lacks, with the pull
    Secrets of the pod (4.1.2, workflow/controller/entrypoint), which upstream's `argo-cluster-role` may not read.
    """
    secrets = (*me.settings.registry.pull_secrets, *me.spec.pull_secrets)
    if secrets and not me.spec.command:
        yield model.Problem(
            "missing-key",
            f"`{me.name}` has no command: Argo asks the registry for that of its image, and may not read "
            f"the pull Secret `{secrets[0]}`",
            (),
            "add `command:`, with the entrypoint of the image",
        )


def _deadline(me: model.Instance[Spec]) -> Iterator[model.Problem]:
    """A timeout that Argo hands to the pod (4.0.5, workflowpod.go), where it is a number of 32 bits."""
    longest = MOST_INT32 // _DAY
    if me.spec.timeout is not None and seconds(me.spec.timeout) > MOST_INT32:
        yield model.Problem(
            "out-of-range",
            f"a pod of a workflow can run for {longest} days, and not for {me.spec.timeout}",
            ("timeout",),
            f"write `{longest}d` or less",
        )


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
    # Labels for the controller that creates the pod, and for the store that its sidecar uses.
    makers = {binding.label: "true" for binding in (argo.binding, *argo.binding.entailed)}
    labels = {**template["metadata"]["labels"], **makers}
    patch = {key: pod[key] for key in pod if key not in (*_OPTIONAL, *_ALWAYS, *_ELSEWHERE)}
    spec: dict[str, Any] = {
        "entrypoint": "main",
        "serviceAccountName": argo.account,
        "automountServiceAccountToken": True,
        "activeDeadlineSeconds": deadline,
        "podMetadata": {"labels": dict(sorted(labels.items()))},
        "podSpecPatch": dumps(patch),
        **{key: pod[key] for key in _ALWAYS},
        "templates": [_step(me, pod)],
        **{field: pod[key] for key, field in _OPTIONAL.items() if key in pod},
    }
    return Resource.of(workflows.TEMPLATE, kube.metadata(me, role="workload"), spec)


def _step(me: model.Instance[Spec], pod: model.Manifest) -> model.Manifest:
    """The containers of the pod as a step, which is tried again if it fails.

    By default, Argo tries again only after a failure of the main container, and not if the pod is deleted, as by a
    drained node, or if another container fails (4.0.5 and 4.1.2, RetryPolicyActual and inferFailedReason).
    """
    policy = me.settings.registry.pull_policy
    (container,) = (kube.pulled(container, policy) for container in pod["containers"])
    step = {
        "name": "main",
        "retryStrategy": {"limit": str(me.spec.retries), "retryPolicy": "Always"},
        "container": {key: value for key, value in container.items() if key != "name"},
    }
    steps = [kube.pulled(container, policy) for container in pod.get("initContainers", ())]
    return {**step, "initContainers": steps} if steps else step


def _schedule(me: model.Instance[Spec]) -> Resource:
    spec = {
        "schedules": [me.spec.schedule],
        "timezone": "Etc/UTC",
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": 600,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
        # Written out, so that a delivery starts a schedule that a plan has suspended.
        "suspend": False,
        "workflowSpec": {"workflowTemplateRef": {"name": me.name}},
    }
    # In a later wave: Argo (4.0.5) refuses a schedule whose template it has not seen, and looks at it
    # again after twenty minutes.
    return Resource.of(workflows.CRON_WORKFLOW, kube.metadata(me, role="workload"), spec, step=1)
