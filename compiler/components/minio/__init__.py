"""MinIO: an S3 server on volumes, single or as an erasure set of at least four servers.

Its community edition is archived and its images are frozen (quay.io only), so the rule
`unmaintained-upstream` warns; `seaweedfs`, `ceph` or `external-s3` replace it with one changed
line.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from compiler import kube, model
from compiler.components.bases import backup, bucket_backup
from compiler.interfaces import http, s3
from compiler.model import Env, SecretRef
from compiler.spec import quantity
from compiler.spec.constraints import InvalidValue
from compiler.spec.types import Image, Memory

PHASE = model.Phase.STORES
STORE = model.Provides("s3", s3.Endpoint)
PAGES = model.Provides("console", http.Endpoint, explicit=True)
PORT, CONSOLE = 9000, 9001
USABLE = 0.93  # of a disk with ext4: 5 % are kept for root, and 2 % are its own tables
UNMAINTAINED = "its repository is archived since 2026-04 and its images get no security fixes"
ALTERNATIVES = ("ceph", "external-s3", "seaweedfs")


def _erasure_set(servers: int) -> int:
    if servers in (2, 3):
        message = f"MinIO runs on 1 server or on at least 4, not on {servers}"
        raise InvalidValue("out-of-range", message, "write `replicas: 4`")
    return servers


Servers = Annotated[
    int,
    Field(ge=1, le=32, json_schema_extra={"not": {"enum": [2, 3]}}),
    AfterValidator(_erasure_set),
]


class Spec(model.PageSpec, model.RecordSpec, model.AdoptsVolume):
    """A MinIO object store."""

    image: Annotated[Image, Field(description="Its image.")] = (
        "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z"
    )
    client_image: Annotated[
        Image, Field(description="The image of the Job that creates buckets and keys.")
    ] = "quay.io/minio/mc:RELEASE.2024-11-21T17-21-54Z"
    replicas: Annotated[Servers, Field(description="Servers: 1, or at least 4.")] = 1
    storage: Annotated[Memory, Field(description="Size of each server's volume.")] = "50Gi"


def claims(me: model.Instance[Spec]) -> model.Claims:
    return backup.claims(me)


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {
        # Metrics and the administration of the server, which no S3 client asks for.
        STORE: s3.Offer(port=PORT, own_login=True, private=("/minio/",)),
        PAGES: http.Offer(port=CONSOLE, ui=True, own_login=True),
    }


def sizes(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Size]:
    has, servers = quantity.whole(me.spec.storage), me.spec.replicas
    yield model.volume(has, quantity.GIB, "MinIO asks for 1Gi at least")
    yield from s3.room(wiring.claims(STORE), has, USABLE * (servers - _parity(servers)))


def _parity(servers: int) -> int:
    """The servers of an erasure set that may be lost, by default (DefaultParityBlocks)."""
    return next(lost for least, lost in ((8, 4), (6, 3), (4, 2), (1, 0)) if servers >= least)


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    root = f"{me.name}-root"
    yield model.Credential(
        root,
        {"username": "platformc-root", "password": model.Random.PASSWORD},
        (me.namespace,),
        (me.name,),
    )
    yield _server(me, root)
    ports = {"http-s3": PORT, "http-console": CONSOLE}
    yield kube.service(me, "server", ports)
    yield kube.headless(me, "server", ports)
    yield model.Metrics(pods="server", port=PORT, path="/minio/v2/metrics/cluster")
    if me.spec.replicas > 1:
        yield model.InternalTraffic("server", "server", (PORT,))
    claims, copies = wiring.claims(STORE), wiring.get(backup.COPIES)
    if claims or copies is not None:
        yield from _buckets(me, root, claims, copies)


def revoke_command(binding: s3.Binding) -> str:
    """Disables a key without a consumer; its policy has the name of its Secret."""
    return (
        f"mc admin policy entities ALIAS --policy {binding.secret}, which names its key, then "
        "mc admin user disable ALIAS KEY"
    )


def _server(me: model.Instance[Spec], root: str) -> model.Resource:
    spec = me.spec
    peers = f"http://{me.name}-{{0...{spec.replicas - 1}}}.{me.host(f'{me.name}-headless')}:{PORT}"
    server = kube.Container(
        "minio",
        spec.image,
        kube.resources(
            spec.resources, cpu="250m", memory="512Mi", cpu_limit="2", memory_limit="2Gi"
        ),
        command=["minio"],
        args=[
            "server",
            f"{peers}/data" if spec.replicas > 1 else "/data",
            "--address", f":{PORT}",
            "--console-address", f":{CONSOLE}",
        ],
        env=[
            Env("MINIO_ROOT_USER", SecretRef(root, "username")),
            Env("MINIO_ROOT_PASSWORD", SecretRef(root, "password")),
            Env("MINIO_PROMETHEUS_AUTH_TYPE", "public"),  # policies and routes say who may
            Env("MINIO_UPDATE", "off"),
            Env("HOME", kube.TMP),
        ],
        ports={"http-s3": PORT, "http-console": CONSOLE},
        startup=kube.http_probe("/minio/health/live", "http-s3", period=5, failures=60),
        readiness=kube.http_probe("/minio/health/ready", "http-s3"),
        liveness=kube.http_probe("/minio/health/live", "http-s3", period=20, failures=6),
    )  # fmt: skip
    template = kube.pod(
        me,
        "server",
        [server],
        user=kube.USER,
        grace=60,
        volumes=[kube.Volume("data", {}, "/data")],
        spread=spec.replicas > 1,
    )
    volume = kube.volume_claim(me, "data", spec.storage)
    # Servers of an erasure set wait for each other: they must start together.
    return kube.stateful_set(
        me, "server", template, replicas=spec.replicas, claims=[volume], parallel=True
    )


def _buckets(
    me: model.Instance[Spec],
    root: str,
    claims: tuple[s3.Binding, ...],
    copies: s3.Endpoint | None,
) -> Iterator[model.Piece]:
    """The Job that creates buckets, and for each claim a key that opens only its buckets."""
    buckets, wanted = s3.buckets(claims), backup.plan(me)
    granted = {binding.secret: binding.claim for binding in claims}
    if wanted is not None and copies is not None:
        granted[bucket_backup.secret(me)] = s3.Claim(buckets=tuple(buckets), read_only=True)
        yield bucket_backup.credential(me)
        root_keys = (
            Env("RCLONE_CONFIG_SOURCE_ACCESS_KEY_ID", SecretRef(root, "username")),
            Env("RCLONE_CONFIG_SOURCE_SECRET_ACCESS_KEY", SecretRef(root, "password")),
        )
        yield from bucket_backup.lower(me, wanted, copies, buckets, root_keys, port=PORT)
    keys = [(name, kube.suffix(name)) for name in granted]
    script = kube.render(__file__, "buckets.sh.j2", buckets=buckets, keys=keys)
    policies = {f"{name}.json": s3.policy(claim) for name, claim in granted.items()}
    env = [
        Env("ROOT_USERNAME", SecretRef(root, "username")),
        Env("ROOT_PASSWORD", SecretRef(root, "password")),
        Env("MC_HOST_store", f"http://$(ROOT_USERNAME):$(ROOT_PASSWORD)@{me.host()}:{PORT}"),
        Env("MC_CONFIG_DIR", f"{kube.TMP}/mc"),
    ]
    for name, suffix in keys:
        env.append(Env(f"ACCESS_KEY_{suffix}", SecretRef(name, s3.ACCESS_KEY)))
        env.append(Env(f"SECRET_KEY_{suffix}", SecretRef(name, s3.SECRET_KEY)))
    files = {"buckets.sh": script, **policies}
    yield from kube.setup_job(me, "buckets", me.spec.client_image, files, env, ports=(PORT,))
