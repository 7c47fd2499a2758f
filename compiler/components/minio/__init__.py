"""MinIO: an S3 server on volumes, single or as pools of at least four servers.

Its community edition is archived and its images are frozen (quay.io only), so the rule
`unmaintained-upstream` warns; `seaweedfs`, `ceph` or `external-s3` replace it with one changed
line.
"""

from collections.abc import Iterator

from msgspec.structs import replace
from pydantic import Field

from compiler import kube, model
from compiler.components.bases import backup, bucket_backup
from compiler.components.minio import pools
from compiler.components.minio.pools import Drives, FurtherPool, Pool, Servers
from compiler.interfaces import http, s3
from compiler.kube import labels as labelled
from compiler.model import Env, SecretRef
from compiler.spec import quantity
from compiler.spec.constraints import InvalidValue
from compiler.spec.types import Image, Storage

PHASE = model.Phase.STORES
STORE = model.Provides("s3", s3.Endpoint)
PAGES = model.Provides("console", http.Endpoint, explicit=True)
PORT, CONSOLE = 9000, 9001
USABLE = 0.93  # the usable part of an ext4 disk: 5 % are kept for root, and 2 % are tables
UNMAINTAINED = "its repository is archived since 2026-04 and its images get no security fixes"
ALTERNATIVES = ("ceph", "external-s3", "seaweedfs")


class Spec(model.PageSpec, model.RecordSpec, model.AdoptsVolume):
    """A MinIO object store."""

    image: Image = Field(
        default="quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z", description="Its image."
    )
    client_image: Image = Field(
        default="quay.io/minio/mc:RELEASE.2024-11-21T17-21-54Z",
        description="The image of the Job that creates buckets and keys.",
    )
    replicas: Servers = Field(default=1, description="Servers: 1, or at least 4.")
    drives: Drives = Field(default=1, description="Volumes of each server.")
    storage: Storage = Field(default="50Gi", description="Size of each volume.")
    pools: model.ListOf[FurtherPool] = Field(
        default=(),
        max_length=15,
        description="Further servers, by which it has grown, oldest first.",
    )

    def check(self) -> None:
        super().check()
        if self.drives > 1 and self.adopt is not None and self.adopt.claim is not None:
            message = f"`claim: {self.adopt.claim}` is one volume, not {self.drives}"
            help = "delete `drives`, or copy the data into a new instance"
            raise InvalidValue("invalid-value", message, help, at="drives")
        pools.check(self)


def claims(me: model.Instance[Spec]) -> model.Claims:
    return backup.claims(me)


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {
        # Metrics and the administration of the server, which no S3 client asks for.
        STORE: s3.Offer(port=PORT, own_login=True, private=("/minio",)),
        PAGES: http.Offer(port=CONSOLE, ui=True, own_login=True),
    }


def sizes(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Size]:
    first_pool, *further = pools.pools(me)
    has, least = quantity.in_bytes(me.spec.storage), "MinIO asks for 1Gi at least"
    yield model.volume(has, quantity.GIB, least)
    for index, pool in enumerate(further):
        key = ("pools", index, "storage")
        yield model.Size("volume-size", key, quantity.in_bytes(pool.storage), quantity.GIB, least)
    parity = pools.parity(first_pool.set_size)
    elsewhere = sum(pool.room(parity) for pool in further)
    yield from s3.room(
        wiring.claims(STORE), has, USABLE * first_pool.share(parity), elsewhere=USABLE * elsewhere
    )


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    root = f"{me.name}-root"
    yield model.Credential(
        root,
        {"username": "platformc-root", "password": model.Random.PASSWORD},
        (me.namespace,),
        (me.name,),
        # Servers know each other by tokens that they make of it (MinIO, cmd/server-main.go, globalNodeAuthToken).
        between_pods=me.spec.replicas > 1,
    )
    every_pool = pools.pools(me)
    ports = {"http-s3": PORT, "http-console": CONSOLE}
    yield kube.service(me, "server", ports)
    for pool in every_pool:
        yield _servers(me, root, pool)
        yield kube.headless(me, pool.role, ports, name=pool.headless)
        if me.spec.replicas > 1:
            for peer in every_pool:
                yield model.InternalTraffic(pool.role, peer.role, (PORT,))
    yield model.Metrics(pods="server", port=PORT, path="/minio/v2/metrics/cluster")
    claims, copies = wiring.claims(STORE), wiring.get(backup.COPIES)
    if claims or copies is not None:
        yield from _buckets(me, root, claims, copies)


def revoke_command(binding: s3.Binding) -> str:
    """Disables a key without a consumer; its policy has the name of its Secret."""
    return _lockout(binding.secret)


def _lockout(policy: str) -> str:
    return (
        f"mc admin policy entities ALIAS --policy {policy}, which names its key, then "
        "mc admin user disable ALIAS KEY"
    )


def _address(me: model.Instance[Spec], pool: Pool) -> str:
    """The address of a pool's drives, which every server gets as an argument."""
    if me.spec.replicas == 1:
        return pool.folders
    servers = f"{pool.name}-{{0...{pool.servers - 1}}}.{me.host(pool.headless)}"
    return f"http://{servers}:{PORT}{pool.folders}"


def _servers(me: model.Instance[Spec], root: str, pool: Pool) -> model.Resource:
    template = kube.pod(
        me,
        pool.role,
        [_container(me, root)],
        user=kube.USER,
        grace=60,
        volumes=[kube.Volume(name, {}, folder) for name, folder in pool.volumes.items()],
        spread=pool.servers > 1,
    )
    claims = [kube.volume_claim(me, name, pool.storage) for name in pool.volumes]
    # Servers of an erasure set wait for each other: they must start together.
    servers = kube.stateful_set(
        me, pool.role, template, replicas=pool.servers, claims=claims, name=pool.name, parallel=True
    )
    return replace(servers, effects=(_grows(me),))


def _container(me: model.Instance[Spec], root: str) -> kube.Container:
    spec = me.spec
    return kube.Container(
        "minio",
        spec.image,
        kube.resources(
            spec.resources, cpu="250m", memory="512Mi", cpu_limit="2", memory_limit="2Gi"
        ),
        command=["minio"],
        args=[
            "server",
            *(_address(me, any_pool) for any_pool in pools.pools(me)),
            "--address", f":{PORT}",
            "--console-address", f":{CONSOLE}",
        ],
        env=[
            Env("MINIO_ROOT_USER", SecretRef(root, "username")),
            Env("MINIO_ROOT_PASSWORD", SecretRef(root, "password")),
            Env("MINIO_PROMETHEUS_AUTH_TYPE", "public"),  # policies and routes admit the scraper
            Env("MINIO_UPDATE", "off"),
            Env("HOME", kube.TMP),
        ],
        ports={"http-s3": PORT, "http-console": CONSOLE},
        startup=kube.http_probe("/minio/health/live", "http-s3", period=5, failures=60),
        readiness=kube.http_probe("/minio/health/ready", "http-s3"),
        liveness=kube.http_probe("/minio/health/live", "http-s3", period=20, failures=6),
    )  # fmt: skip


def _grows(me: model.Instance[Spec]) -> model.Effect:
    """The effect of a new pool: all servers restart, because each refuses others with other arguments."""
    roles = ",".join(pool.role for pool in pools.pools(me))
    labels = f"{labelled.INSTANCE}={me.name},{labelled.COMPONENT} in ({roles})"
    restart = f"kubectl delete pods -n {me.namespace} -l '{labels}'"
    return model.Effect(
        "spec/template/spec/containers/minio/args",
        model.Risk.DOWNTIME,
        "servers with and without the new pool refuse each other: all must restart at once",
        f"apply, then {restart}",
        _adds_pools,
        restart,
    )


def _adds_pools(change: model.FieldChange, before: model.Manifest, after: model.Manifest) -> bool:
    """Whether the servers keep all addresses in their order, and get further ones."""
    old, new = (
        [word for word in words or () if "/data" in word] for words in (change.before, change.after)
    )
    return len(old) < len(new) and new[: len(old)] == old


def _buckets(
    me: model.Instance[Spec],
    root: str,
    claims: tuple[s3.Binding, ...],
    copies: s3.Endpoint | None,
) -> Iterator[model.Piece]:
    """The Job that creates buckets, and for each claim a key that opens only its buckets."""
    buckets, plan = s3.buckets(claims), backup.plan(me)
    granted = {binding.secret: binding.claim for binding in claims}
    if plan is not None and copies is not None:
        granted[bucket_backup.secret(me)] = s3.Claim(buckets=tuple(buckets), read_only=True)
        yield bucket_backup.credential(me, _lockout(bucket_backup.secret(me)))
        root_keys = (
            Env("RCLONE_CONFIG_SOURCE_ACCESS_KEY_ID", SecretRef(root, "username")),
            Env("RCLONE_CONFIG_SOURCE_SECRET_ACCESS_KEY", SecretRef(root, "password")),
        )
        room = pools.room(me)
        yield from bucket_backup.lower(me, plan, copies, buckets, root_keys, port=PORT, held=room)
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
