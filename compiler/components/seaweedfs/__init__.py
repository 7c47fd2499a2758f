"""SeaweedFS: master, volumes, filer and S3 gateway in one process on one volume.

Facts about SeaweedFS 4.x: without identities its S3 gateway is open to everyone, so the identities
are made at start from the clients' Secrets, each with the buckets of its claim.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from compiler import kube, model
from compiler.components.bases import backup, bucket_backup
from compiler.components.seaweedfs import volumes
from compiler.interfaces import s3
from compiler.model import Env, SecretRef
from compiler.spec import quantity
from compiler.spec.types import Image, Memory

PHASE = model.Phase.STORES
STORE = model.Provides("s3", s3.Endpoint)
PORT, METRICS = 8333, 9327
# Master and filer, by HTTP and gRPC: where `weed shell` makes buckets.
INTERNAL = (9333, 19333, 8888, 18888)


class Spec(model.RecordSpec, model.AdoptsVolume):
    """A SeaweedFS object store, for labs and small platforms."""

    moved: ClassVar[Mapping[str, str]] = {
        "replicas": "it is one server; `ceph`, `minio: {replicas: 4}` and `external-s3` survive the loss of one"
    }

    image: Annotated[Image, Field(description="Its image.")] = "docker.io/chrislusf/seaweedfs:4.34"
    storage: Annotated[Memory, Field(description="Size of its volume.")] = "50Gi"


def claims(me: model.Instance[Spec]) -> model.Claims:
    return backup.claims(me)


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {STORE: s3.Offer(port=PORT)}


def sizes(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Size]:
    claims, has = wiring.claims(STORE), quantity.whole(me.spec.storage)
    buckets = s3.buckets(claims)
    words = f"{len(buckets)} buckets, each in volumes of {volumes.SMALLEST}Mi or more"
    yield model.volume(has, volumes.needed(len(buckets)), words)
    yield from s3.room(claims, has, volumes.USABLE)


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    bindings = wiring.claims(STORE)
    admin = f"{me.name}-admin"
    yield model.Credential(
        admin,
        {s3.ACCESS_KEY: model.Random.ACCESS_KEY, s3.SECRET_KEY: model.Random.SECRET_KEY},
        (me.namespace,),
        (me.name,),
    )
    wanted, store = backup.plan(me), wiring.get(backup.COPIES)
    buckets = s3.buckets(bindings)
    reader = _reader(me, buckets) if wanted is not None else None
    yield _server(me, admin, bindings, reader)
    yield kube.service(me, "server", {"http-s3": PORT})
    internal = dict(
        zip(("http-master", "grpc-master", "http-filer", "grpc-filer"), INTERNAL, strict=True)
    )
    yield kube.headless(me, "server", {"http-s3": PORT, **internal, "http-metrics": METRICS})
    yield model.Metrics(pods="server", port=METRICS)
    if bindings:
        yield from _buckets(me, bindings)
    if reader is not None and wanted is not None and store is not None:
        yield bucket_backup.credential(me)
        writing = (
            Env("RCLONE_CONFIG_SOURCE_ACCESS_KEY_ID", SecretRef(admin, s3.ACCESS_KEY)),
            Env("RCLONE_CONFIG_SOURCE_SECRET_ACCESS_KEY", SecretRef(admin, s3.SECRET_KEY)),
        )
        yield from bucket_backup.lower(me, wanted, store, buckets, writing, port=PORT)


def _server(
    me: model.Instance[Spec],
    admin: str,
    bindings: tuple[s3.Binding, ...],
    reader: tuple[str, str] | None,
) -> model.Resource:
    resources = kube.resources(
        me.spec.resources, cpu="250m", memory="512Mi", cpu_limit="2", memory_limit="2Gi"
    )
    env = [
        Env("ADMIN_ACCESS_KEY", SecretRef(admin, s3.ACCESS_KEY)),
        Env("ADMIN_SECRET_KEY", SecretRef(admin, s3.SECRET_KEY)),
    ]
    identities = [(binding.secret, _actions(binding.claim)) for binding in bindings]
    identities += [reader] if reader else []
    logins = [(name, kube.suffix(name), actions) for name, actions in identities]
    for name, suffix, _ in logins:
        env.append(Env(f"ACCESS_KEY_{suffix}", SecretRef(name, s3.ACCESS_KEY)))
        env.append(Env(f"SECRET_KEY_{suffix}", SecretRef(name, s3.SECRET_KEY)))
    script = kube.render(__file__, "identities.sh.j2", identities=logins)
    init = kube.Container(
        "identities", me.spec.image, resources, command=["sh", "-c", script], env=env
    )
    server = kube.Container(
        "seaweedfs",
        me.spec.image,
        resources,
        command=["weed"],
        args=[
            "server",
            "-dir=/data",
            # The address that the master gives to its clients, in this pod and in the Job's.
            f"-ip={me.name}-0.{me.host(f'{me.name}-headless')}",
            f"-ip.bind={kube.EVERY_ADDRESS}",
            "-filer",
            "-s3",
            f"-s3.port={PORT}",
            "-s3.config=/etc/seaweedfs/s3.json",
            f"-master.volumeSizeLimitMB={_volume_size(me.spec, bindings)}",
            "-volume.max=0",  # as many volumes as the disk has room for
            "-master.telemetry=false",
            f"-metricsPort={METRICS}",
        ],
        env=[
            Env("HOME", kube.TMP),
            Env("WEED_MASTER_VOLUME_GROWTH_COPY_1", volumes.GROWTH),
        ],
        ports={"http-s3": PORT, "http-metrics": METRICS},
        startup=kube.http_probe("/healthz", "http-s3", period=5, failures=60),
        readiness=kube.http_probe("/healthz", "http-s3"),
        liveness=kube.tcp_probe("http-s3", period=20, failures=6),
    )
    template = kube.pod(
        me,
        "server",
        [server],
        init=[init],
        user=kube.USER,
        grace=60,
        volumes=[
            kube.Volume("data", {}, "/data"),
            kube.empty_dir("identities", "/etc/seaweedfs", "1Mi", memory=True),
        ],
    )
    volume = kube.volume_claim(me, "data", me.spec.storage)
    return kube.stateful_set(me, "server", template, replicas=1, claims=[volume])


def _volume_size(spec: Spec, bindings: tuple[s3.Binding, ...]) -> int:
    return volumes.limit(quantity.whole(spec.storage), len(s3.buckets(bindings)))


def _reader(me: model.Instance[Spec], buckets: list[str]) -> tuple[str, str]:
    """The identity of backups: it reads every bucket, and writes none."""
    claim = s3.Claim(buckets=tuple(buckets), read_only=True)
    return bucket_backup.secret(me), _actions(claim)


def _actions(claim: s3.Claim) -> str:
    verbs = ["Read", "List"] if claim.read_only else ["Read", "List", "Write", "Tagging"]
    return ",".join(f'"{verb}:{bucket}"' for bucket in claim.buckets for verb in verbs)


def _buckets(me: model.Instance[Spec], bindings: tuple[s3.Binding, ...]) -> Iterator[model.Piece]:
    """The Job that creates the claimed buckets."""
    buckets = s3.buckets(bindings)
    host = me.host(f"{me.name}-headless")
    container = kube.Container(
        "buckets",
        me.spec.image,
        kube.resources(
            model.Resources(), cpu="50m", memory="64Mi", cpu_limit="500m", memory_limit="256Mi"
        ),
        command=["sh", "-c", kube.render(__file__, "buckets.sh.j2", buckets=buckets)],
        env=[
            Env("MASTER", f"{host}:{INTERNAL[0]}"),
            Env("FILER", f"{host}:{INTERNAL[2]}"),
            Env("HOME", kube.TMP),
        ],
    )
    template = kube.pod(me, "buckets", [container], user=kube.USER, restart="OnFailure")
    yield model.InternalTraffic("buckets", "server", INTERNAL)
    yield kube.job(me, f"{me.name}-buckets", template, step=1)
