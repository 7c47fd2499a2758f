"""One SeaweedFS server: master, volumes, filer and S3 gateway in one process on one volume."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from compiler import kube, model
from compiler.components.seaweedfs import identities, ports, resources, volumes
from compiler.model import Env


def addresses(me: model.Instance[Any]) -> tuple[str, str]:
    """The master and the filer, as `weed shell` takes them."""
    host = me.host(f"{me.name}-headless")
    return f"{host}:{ports.MASTER[0]}", f"{host}:{ports.FILER[0]}"


def lower(
    me: model.Instance[Any], size: int, logins: Sequence[tuple[str, str]]
) -> Iterator[model.Piece]:
    """The server with volumes of `size` MiB, its Services, and the way of the Job that makes buckets."""
    yield _server(me, size, logins)
    yield kube.service(me, "server", {"http-s3": ports.S3})
    internal = ports.named("master", ports.MASTER) | ports.named("filer", ports.FILER)
    yield kube.headless(
        me, "server", {"http-s3": ports.S3, **internal, "http-metrics": ports.METRICS}
    )
    yield model.Metrics(pods="server", port=ports.METRICS)


def traffic() -> Iterator[model.InternalTraffic]:
    """The way of the Job that makes buckets."""
    yield model.InternalTraffic("buckets", "server", (*ports.MASTER, *ports.FILER))


def _server(
    me: model.Instance[Any], size: int, logins: Sequence[tuple[str, str]]
) -> model.Resource:
    amounts = resources.of(me)
    server = kube.Container(
        "seaweedfs",
        me.spec.image,
        amounts,
        command=["weed"],
        args=_args(me, size),
        env=[
            Env("HOME", kube.TMP),
            Env("WEED_MASTER_VOLUME_GROWTH_COPY_1", volumes.GROWTH),
        ],
        ports={"http-s3": ports.S3, "http-metrics": ports.METRICS},
        startup=kube.http_probe("/healthz", "http-s3", period=5, failures=60),
        readiness=kube.http_probe("/healthz", "http-s3"),
        liveness=kube.tcp_probe("http-s3", period=20, failures=6),
    )
    template = kube.pod(
        me,
        "server",
        [server],
        init=[identities.container(me, amounts, logins)],
        user=kube.USER,
        grace=60,
        volumes=[kube.Volume("data", {}, "/data"), identities.volume()],
    )
    volume = kube.volume_claim(me, "data", me.spec.storage)
    return kube.stateful_set(me, "server", template, replicas=1, claims=[volume])


def _args(me: model.Instance[Any], size: int) -> list[str]:
    return [
        "server",
        "-dir=/data",
        # The address that the master gives to its clients, in this pod and in the Job's.
        f"-ip={me.name}-0.{me.host(f'{me.name}-headless')}",
        f"-ip.bind={kube.EVERY_ADDRESS}",
        "-filer",
        "-s3",
        f"-s3.port={ports.S3}",
        f"-s3.config={identities.FILE}",
        f"-master.volumeSizeLimitMB={size}",
        "-volume.max=0",  # as many volumes as the disk has room for
        "-master.telemetry=false",
        f"-metricsPort={ports.METRICS}",
    ]
