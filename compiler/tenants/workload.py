"""A workload: a Job, a CronJob, a CronJob without a schedule, or an Argo workflow template.

Its `uses` become environment variables, with one setting per interface, so that the data scientist has
nothing left to configure. It inherits no setting from a server.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from compiler import kube, model
from compiler.interfaces import workflows
from compiler.spec.duration import seconds
from compiler.spec.tenant import MOST_PODS_AT_ONCE
from compiler.spec.tenant import WorkloadSpec as Spec
from compiler.tenants import existing_secrets, external_pods, volumes, workflow

PHASE = model.Phase.CLIENTS
WORKFLOWS = model.Requires("workflows", workflows.Endpoint)
DAY = 86400


def claims(me: model.Instance[Spec]) -> model.Claims:
    # `uses` is resolved, not claimed.
    return {WORKFLOWS: workflows.Claim()} if me.spec.workflow else {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {}


def sizes(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Size]:
    return volumes.sizes(me)


def problems(me: model.Instance[Spec]) -> Iterator[model.Problem]:
    return workflow.problems(me) if me.spec.workflow else iter(())


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    spec = me.spec
    argo = wiring.get(WORKFLOWS)
    used = [
        endpoint for endpoint in wiring.endpoints if not isinstance(endpoint, workflows.Endpoint)
    ]
    by_operator = used if argo else ()
    client = kube.client(me, used, trusted=by_operator, certified=by_operator)
    yield from client.configs
    yield from client.handed
    yield from existing_secrets.declared(me)
    if spec.run == "elsewhere":
        yield from external_pods.lower(me, client)
        return
    template = _template(me, client)
    deadline = seconds(spec.timeout) if spec.timeout else DAY
    if argo is not None:
        yield from workflow.resources(me, template, deadline, argo)
    elif spec.run == "once":
        once = kube.job(me, me.name, template, retries=spec.retries, deadline=deadline)
        yield _indexed(once, spec)
    else:
        repeated = kube.cron_job(
            me, template, schedule=spec.schedule, deadline=deadline, retries=spec.retries
        )
        yield _indexed(repeated, spec)


def _indexed(resource: model.Resource, spec: Spec) -> model.Resource:
    """A Job, or the Jobs of a CronJob, with as many pods as the user asks for."""
    if spec.completions == 1:
        return resource
    count = {
        "completionMode": "Indexed",
        "completions": spec.completions,
        "parallelism": min(spec.parallelism or MOST_PODS_AT_ONCE, spec.completions),
    }
    body = resource.manifest["spec"]
    if resource.kind == "CronJob":
        job = body["jobTemplate"]
        body = {**body, "jobTemplate": {**job, "spec": {**job["spec"], **count}}}
    else:
        body = {**body, **count}
    return replace(resource, manifest={**resource.manifest, "spec": body})


def _template(me: model.Instance[Spec], client: kube.Client) -> model.Manifest:
    container = _container(me, client)
    return kube.pod(
        me,
        "workload",
        [container],
        init=_init_steps(me.spec, container),
        user=me.spec.user,
        restart="Never",
        volumes=[*client.volumes, *volumes.volumes(me.spec)],
        uses=client.endpoints,
    )


def _container(me: model.Instance[Spec], client: kube.Client) -> kube.Container:
    spec = me.spec
    return kube.Container(
        "main",
        str(spec.image),
        volumes.resources(spec),
        command=spec.command,
        args=spec.args,
        env=[
            *(variable for variable in kube.user_env(me.name) if variable.name not in spec.env),
            *client.env,
            *kube.own_env(spec),
        ],
        writable_root=spec.writable_root,
    )  # fmt: skip


def _init_steps(spec: Spec, container: kube.Container) -> list[kube.Container]:
    """The init containers: each has the environment and the resources of the main container."""
    return [
        replace(
            container,
            name=f"init-{index}",
            image=step.image or str(spec.image),
            command=step.command,
            args=step.args,
        )
        for index, step in enumerate(spec.init)
    ]
