"""Run `mlflow gc`, which deletes the data and artefacts of deleted runs and experiments.

A deleted run stays in the database, and its artefacts in the store, until this command runs
(mlflow 3.17.2, cli `gc`). It reaches proxied artefacts through the server, and other artefacts directly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from compiler import kube, model
from compiler.model import Env
from compiler.spec.constraints import Exact
from compiler.spec.types import Schedule


class Gc(model.Section):
    """When the rows and artefacts of deleted runs are deleted."""

    schedule: Schedule = Field(default="0 3 * * 0", description="A cron expression, in UTC.")
    older_than: Annotated[str, Exact(r"[1-9][0-9]*[dh]")] = Field(
        default="30d", description="Age of the deletion, like `30d`."
    )


def cron_job(
    me: model.Instance[Any], gc: Gc, env: Sequence[Env], volumes: Sequence[kube.Volume],
    uses: Sequence[model.Endpoint],
) -> model.Resource:  # fmt: skip
    """The CronJob, with the server's own variables."""
    words = 'exec mlflow gc --backend-store-uri "$MLFLOW_BACKEND_STORE_URI" --older-than'
    container = kube.Container(
        "gc",
        me.spec.image,
        kube.resources(
            model.Resources(), cpu="250m", memory="512Mi", cpu_limit="1", memory_limit="1Gi"
        ),
        command=["sh", "-c", f"{words} {gc.older_than}"],
        env=env,
    )
    template = kube.pod(
        me, "gc", [container], user=kube.USER, volumes=volumes, uses=uses, restart="Never"
    )
    return kube.cron_job(
        me, template, schedule=gc.schedule, deadline=6 * 3600, retries=1, name=f"{me.name}-gc",
        step=2,
    )  # fmt: skip
