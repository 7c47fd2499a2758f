"""Build Jobs that create the claimed roles or buckets on a server. They can run again safely."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from compiler.kube.container import Container
from compiler.kube.pod import pod
from compiler.kube.resources import resources as requests_and_limits
from compiler.kube.security import USER
from compiler.kube.volumes import config
from compiler.kube.workload import job
from compiler.model.binding import Endpoint
from compiler.model.component import Piece
from compiler.model.instance import Instance
from compiler.model.manifest import Manifest
from compiler.model.resource import ConfigFiles, Env, InternalTraffic, Pods
from compiler.spec.component import Resources

_SCRIPTS = "/etc/platformc"
_SMALL = requests_and_limits(
    Resources(), cpu="50m", memory="64Mi", cpu_limit="500m", memory_limit="256Mi"
)


def setup_job(
    me: Instance[Any], name: str, image: str, files: Mapping[str, str], env: Sequence[Env], *,
    ports: tuple[int, ...], server: Pods = "server", interpreter: str = "sh",
    resources: Manifest = _SMALL, uses: Sequence[Endpoint] = (), account: str | None = None,
    step: int = 1,
) -> Iterator[Piece]:  # fmt: skip
    """A Job that runs `<name>.sh`, one of `files`, against the instance's own server."""
    full_name = f"{me.name}-{name}"
    yield ConfigFiles(full_name, me.namespace, files)
    container = Container(
        name, image, resources, command=[interpreter, f"{_SCRIPTS}/{name}.sh"], env=env
    )
    template = pod(
        me, name, [container], user=USER, restart="OnFailure", uses=uses,
        volumes=[config(full_name, _SCRIPTS)],
    )  # fmt: skip
    if account:
        template = {**template, "spec": {**template["spec"], "serviceAccountName": account}}
    yield InternalTraffic(name, server, ports)
    yield job(me, full_name, template, step=step)
