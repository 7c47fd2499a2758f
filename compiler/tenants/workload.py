"""A workload: a Job, a CronJob, a CronJob without a schedule, or an Argo workflow template.

Its `uses` become environment variables, with one setting per interface. It inherits nothing from a
server, and the data scientist has nothing left to configure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler import kube, model
from compiler.interfaces import workflows
from compiler.model import Env
from compiler.spec.duration import seconds
from compiler.spec.tenant import WorkloadSpec as Spec
from compiler.tenants import elsewhere, workflow

PHASE = model.Phase.CLIENTS
WORKFLOWS = model.Requires("workflows", workflows.Endpoint)
DAY = 86400


def claims(me: model.Instance[Spec]) -> model.Claims:
    # `uses` is resolved, not claimed.
    return {WORKFLOWS: workflows.Claim()} if me.spec.workflow else {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    spec = me.spec
    argo = wiring.get(WORKFLOWS)
    used = (
        endpoint for endpoint in wiring.endpoints if not isinstance(endpoint, workflows.Endpoint)
    )
    client = kube.client(me, used)
    yield from client.configs
    if spec.run == "elsewhere":
        yield from elsewhere.lower(me, client)
        return
    template = _template(me, client)
    deadline = seconds(spec.timeout) if spec.timeout else DAY
    if argo is not None:
        yield from workflow.resources(me, template, deadline, argo)
    elif spec.run == "once":
        yield kube.job(me, me.name, template, retries=spec.retries, deadline=deadline)
    else:
        yield kube.cron_job(
            me, template, schedule=spec.schedule, deadline=deadline, retries=spec.retries
        )


def _template(me: model.Instance[Spec], client: kube.Client) -> model.Manifest:
    spec = me.spec
    user_variables = [Env(name, value) for name, value in sorted(spec.env.items())]
    container = kube.Container(
        "main",
        spec.image,
        kube.resources(
            spec.resources, cpu="500m", memory="1Gi", cpu_limit="2", memory_limit="2Gi",
            disk="1Gi", disk_limit="10Gi", gpu=spec.gpu,
        ),
        command=spec.command,
        args=spec.args,
        env=[
            *(variable for variable in kube.user_env(me.name) if variable.name not in spec.env),
            *client.env,
            *user_variables,
        ],
        writable_root=spec.writable_root,
    )  # fmt: skip
    return kube.pod(
        me,
        "workload",
        [container],
        user=spec.user,
        restart="Never",
        volumes=[*client.volumes, *_volumes(spec)],
        uses=client.endpoints,
    )


def _volumes(spec: Spec) -> Iterator[kube.Volume]:
    for name, mount in sorted(spec.volumes.items()):
        if mount.claim:
            source: dict[str, Any] = {"persistentVolumeClaim": {"claimName": mount.claim}}
            yield kube.Volume(f"user-{name}", source, mount.mount_path)
        else:
            yield kube.empty_dir(f"user-{name}", mount.mount_path, mount.size or "1Gi")
