"""Build workloads: Deployments, StatefulSets, Jobs and CronJobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compiler.kube.labels import COMPONENT, metadata, selector
from compiler.kube.volumes import with_claim
from compiler.model.instance import Instance
from compiler.model.manifest import Manifest
from compiler.model.resource import Resource


def deployment(
    me: Instance[Any], role: str, template: Manifest, *, replicas: int, name: str | None = None,
    step: int = 0,
) -> Resource:  # fmt: skip
    """A Deployment of one role's pods."""
    spec = {
        "replicas": replicas,
        "revisionHistoryLimit": 3,
        "selector": {"matchLabels": selector(me, role)},
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
        },
        "template": template,
    }
    return Resource(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(me, name, role),
         "spec": spec},
        step,
    )  # fmt: skip


def stateful_set(
    me: Instance[Any], role: str, template: Manifest, *, replicas: int, claims: Sequence[Manifest],
    name: str | None = None, parallel: bool = False,
) -> Resource:  # fmt: skip
    """A StatefulSet behind its headless Service.

    An adopted claim is a volume of the pod, because a claim template makes claims with fixed names.
    """
    adopted = getattr(me.spec, "adopt", None)
    if claims and adopted is not None and adopted.claim is not None:
        template = with_claim(template, claims[0]["metadata"]["name"], adopted.claim)
        claims = claims[1:]
    spec = {
        "replicas": replicas,
        "revisionHistoryLimit": 3,
        "serviceName": f"{name or me.name}-headless",
        "podManagementPolicy": "Parallel" if parallel else "OrderedReady",
        "selector": {"matchLabels": selector(me, role)},
        "template": template,
        "volumeClaimTemplates": list(claims),
    }
    return Resource(
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata(me, name, role),
         "spec": spec}
    )  # fmt: skip


def job(
    me: Instance[Any], name: str, template: Manifest, *, step: int = 0, retries: int = 6,
    deadline: int = 1800,
) -> Resource:  # fmt: skip
    """A Job that runs once. derive/jobs.py adds the hash of its template to its name."""
    role = template["metadata"]["labels"][COMPONENT]
    spec = {"backoffLimit": retries, "activeDeadlineSeconds": deadline, "template": template}
    return Resource(
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata(me, name, role),
         "spec": spec},
        step,
    )  # fmt: skip


def cron_job(
    me: Instance[Any], template: Manifest, *, schedule: str | None, deadline: int, retries: int,
    name: str | None = None, step: int = 0, latest_start: int = 600,
) -> Resource:  # fmt: skip
    """Jobs on a schedule, in UTC and never two at once; without a schedule, started by hand.

    A run that could not start for `latest_start` seconds, as while the control plane is away, is skipped.
    """
    job = {"backoffLimit": retries, "activeDeadlineSeconds": deadline, "template": template}
    spec = {
        # Without a schedule it stays suspended: `kubectl create job --from` starts it.
        "schedule": schedule or "0 0 1 1 *",
        "timeZone": "Etc/UTC",
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": latest_start,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
        "suspend": schedule is None,
        "jobTemplate": {"spec": job},
    }
    role = template["metadata"]["labels"][COMPONENT]
    return Resource(
        {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata(me, name, role),
         "spec": spec},
        step,
    )  # fmt: skip
