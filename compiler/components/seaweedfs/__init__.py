"""SeaweedFS: an S3 store in one process on one volume, or in servers apart that outlive the loss of one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from compiler import kube, model
from compiler.components.bases import backup, bucket_backup
from compiler.components.seaweedfs import identities, ports, replicated, single, volumes
from compiler.interfaces import postgresql, s3
from compiler.model import Env, SecretRef
from compiler.spec import quantity
from compiler.spec.constraints import InvalidValue
from compiler.spec.types import Image, Storage

PHASE = model.Phase.STORES
METADATA = model.Requires("metadata", postgresql.Endpoint)
STORE = model.Provides("s3", s3.Endpoint)


def _several(servers: int) -> int:
    if servers == 2:
        message = "when one of two servers is lost, the other cannot make two copies of new data"
        raise InvalidValue("out-of-range", message, "write `replicas: 3`")
    return servers


Servers = Annotated[
    int,
    Field(ge=1, le=64, json_schema_extra={"not": {"enum": [2]}}),
    AfterValidator(_several),
]


class Spec(model.RecordSpec, model.AdoptsVolume):
    """A SeaweedFS object store."""

    image: Image = Field(default="docker.io/chrislusf/seaweedfs:4.34", description="Its image.")
    replicas: Servers = Field(
        default=1,
        description="Volume servers: 1, which is the whole store, or at least 3, with three masters, two "
        "gateways, and the names of objects in PostgreSQL.",
    )
    copies: int = Field(
        default=2, ge=2, le=3, description="With several `replicas`: copies of each object."
    )
    storage: Storage = Field(default="50Gi", description="Size of each volume server's disk.")

    @property
    def copies_of_each(self) -> int:
        return self.copies if self.replicas > 1 else 1

    def idle(self) -> Mapping[str, str]:
        return {"copies": "replicas"} if self.replicas == 1 else {}

    def check(self) -> None:
        super().check()
        if 1 < self.replicas <= self.copies:
            message = (
                f"when one of {self.replicas} servers is lost, the others cannot make "
                f"{self.copies} copies of new data"
            )
            help = f"write `replicas: {self.copies + 1}`"
            raise InvalidValue("out-of-range", message, help, at="replicas")


def claims(me: model.Instance[Spec]) -> model.Claims:
    copies = backup.claims(me)
    if me.spec.replicas == 1:
        return copies
    connections, calculation = replicated.connections()
    claim = postgresql.Claim(
        database=me.name.replace("-", "_"),
        connections=connections,
        calculation=calculation,
        pooled=False,  # its driver prepares statements
        copied=False,  # its rows name places in volumes, and are useless without these
    )
    return {METADATA: claim, **copies}


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {STORE: s3.Offer(port=ports.S3)}


def sizes(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Size]:
    claims, has = wiring.claims(STORE), quantity.in_bytes(me.spec.storage)
    servers, copies = me.spec.replicas, me.spec.copies_of_each
    buckets = s3.buckets(claims)
    words = f"{len(buckets)} buckets, each in volumes of {volumes.SMALLEST}Mi or more"
    if copies > 1:
        words += f", with {copies} copies on {servers - 1} servers when one is lost"
    yield model.volume(has, volumes.needed(len(buckets), servers, copies), words)
    yield from s3.room(claims, has, volumes.USABLE * servers / copies)


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    admin = identities.administrator(me)
    keys = {s3.ACCESS_KEY: model.Random.ACCESS_KEY, s3.SECRET_KEY: model.Random.SECRET_KEY}
    yield model.Credential(admin, keys, (me.namespace,), (me.name,))
    plan, store = backup.plan(me), wiring.get(backup.COPIES)
    bindings = wiring.claims(STORE)
    buckets = s3.buckets(bindings)
    logins = [(binding.secret, identities.actions(binding.claim)) for binding in bindings]
    logins += [identities.reader(me, buckets)] if plan is not None else []
    yield from _servers(me, buckets, logins, wiring.get(METADATA))
    if plan is not None and store is not None:
        yield bucket_backup.credential(me)
        yield from bucket_backup.lower(
            me,
            plan,
            store,
            buckets,
            _writing(admin),
            port=ports.S3,
            capacity=quantity.in_bytes(me.spec.storage) * me.spec.replicas / me.spec.copies_of_each,
            separate_names=me.spec.replicas > 1,
        )


def _servers(
    me: model.Instance[Spec],
    buckets: list[str],
    logins: Sequence[tuple[str, str]],
    database: postgresql.Endpoint | None,
) -> Iterator[model.Piece]:
    """The servers, and the Job that makes buckets if there are any."""
    size = volumes.limit(
        quantity.in_bytes(me.spec.storage), len(buckets), me.spec.replicas, me.spec.copies_of_each
    )
    if database is None:
        yield from single.lower(me, size, logins)
        traffic, addresses = single.traffic(), single.addresses(me)
    else:
        yield from replicated.lower(me, size, logins, database)
        traffic, addresses = replicated.traffic(), replicated.addresses(me)
    if buckets:
        yield from traffic
        yield _buckets(me, buckets, *addresses)


def _writing(admin: str) -> tuple[Env, ...]:
    """The key with which a restore may write to every bucket, as variables of rclone."""
    return (
        Env("RCLONE_CONFIG_SOURCE_ACCESS_KEY_ID", SecretRef(admin, s3.ACCESS_KEY)),
        Env("RCLONE_CONFIG_SOURCE_SECRET_ACCESS_KEY", SecretRef(admin, s3.SECRET_KEY)),
    )


def _buckets(
    me: model.Instance[Spec], buckets: list[str], masters: str, filer: str
) -> model.Resource:
    """The Job that creates the claimed buckets."""
    container = kube.Container(
        "buckets",
        me.spec.image,
        kube.resources(
            model.Resources(), cpu="50m", memory="64Mi", cpu_limit="500m", memory_limit="256Mi"
        ),
        command=["sh", "-c", kube.render(__file__, "buckets.sh.j2", buckets=buckets)],
        env=[Env("MASTER", masters), Env("FILER", filer), Env("HOME", kube.TMP)],
    )
    template = kube.pod(me, "buckets", [container], user=kube.USER, restart="OnFailure")
    return kube.job(me, f"{me.name}-buckets", template, step=1)
