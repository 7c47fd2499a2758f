"""lakeFS: branches and commits on the object store, for data that several teams change.

Facts about lakeFS 1.84 (open source): with PostgreSQL only `lakefs setup` creates the first user;
it fails if it has run before, and prints the keys. The gateway accepts access keys of at most 20
characters. The signing key has a publicly known default. `/metrics` is on the same port as
everything else.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field

from compiler import kube, model
from compiler.components.lakefs import gc, variables, versions
from compiler.components.lakefs.gc import Collector, Retention
from compiler.interfaces import lakefs, postgresql, s3
from compiler.model import Env, SecretRef
from compiler.spec import quantity
from compiler.spec.constraints import Exact
from compiler.spec.types import Bucket, Database, Image
from compiler.text import shell_stop

PHASE = model.Phase.SERVERS
VERSIONS = versions.VERSIONS
METADATA = model.Requires("metadata", postgresql.Endpoint)
STORE = model.Requires("store", s3.Endpoint)
GATEWAY = model.Provides("gateway", lakefs.Endpoint, explicit=True)
PORT = 8000
DISK = "4Gi"  # the limit of its local disk, where the user sets none
# Next to the cache lie the ranges of metadata that requests write and read: at most 20 MiB each, of which three
# fit on the smallest disk (lakeFS 1.84, config/defaults.go, max_range_size_bytes; pyramid/tier_fs.go).
RANGES = 64 * quantity.MIB
# Takes the one user out of lakeFS' data, for the setup to make it again. lakeFS' own tools can't:
# without its user, and with the date of its setup, it does not start.
DATABASE = "is to be a URI of lakeFS' database, perhaps by kubectl port-forward"
DELETION = """\
psql "$LAKEFS_DATABASE" -c \
"DELETE FROM kv WHERE partition_key = 'basicAuth' OR key = 'installation_metadata/setup_timestamp'"\
"""
DISMISS = f"{shell_stop('LAKEFS_DATABASE', DATABASE)} && {DELETION}"

FAILING = model.Alert(
    "RequestsFailing",
    'sum(rate(api_requests_total{$pods,code=~"5.."}[5m])) '
    "> 0.05 * sum(rate(api_requests_total{$pods}[5m]))",
    "10m",
    "More than 5 % of the requests to lakeFS fail: its database or its store may not answer.",
)

RepositoryName = Annotated[str, Exact(r"[a-z0-9][a-z0-9-]{2,62}")]


class Repository(model.Section):
    """A repository, stored under a prefix of the bucket."""

    default_branch: Annotated[str, Exact(r"\w[\w-]*")] = Field(
        default=lakefs.BRANCH, description="The branch that is created first."
    )
    gc: Retention | None = Field(
        default=None,
        description="When its deleted objects are collected; default: as the instance's `gc` says.",
    )


class Spec(model.PageSpec, model.RunningSpec, model.AdoptsData):
    """A lakeFS server: API, UI and S3 gateway on one port."""

    image: Image = Field(default="docker.io/treeverse/lakefs:1.84.0", description="Its image.")
    replicas: int = Field(default=1, ge=1, le=20, description="Server pods.")
    database: Database | None = Field(default=None, description="Default: the instance's name.")
    bucket: Bucket | None = Field(
        default=None, description="The bucket of all data; default: its name."
    )
    repositories: dict[RepositoryName, Repository] = Field(
        default={}, description="Repositories to create."
    )
    gc: Collector | None = Field(
        default=None, description="Delete objects that no branch has any more, on a schedule."
    )


def claims(me: model.Instance[Spec]) -> model.Claims:
    # A rolling update runs one pod more, and the setup is another process.
    return {
        METADATA: postgresql.Claim(
            database=me.spec.database_of(me.name),
            exists=me.spec.adopted.database is not None,
            connections=(me.spec.replicas + 2) * variables.POOL,
            calculation=f"{me.spec.replicas + 2} processes x {variables.POOL}",
            creates_tables=True,
            pooled=False,  # it prepares statements and holds locks for the length of a session
        ),
        STORE: s3.Claim(buckets=(me.spec.bucket_of(me.name),)),
    }


def offers(me: model.Instance[Spec]) -> model.Offers:
    return {
        GATEWAY: s3.Offer(
            port=PORT,
            ui=True,
            own_login=True,
            programs=True,
            # Both answer without a login, the first with the memory of the server (lakeFS 1.84).
            private=("/_pprof", "/metrics"),
            buckets=tuple(sorted(me.spec.repositories)),
        )
    }


def problems(me: model.Instance[Spec]) -> Iterator[model.Problem]:
    for name, repository in me.spec.repositories.items():
        if repository.gc is not None and me.spec.gc is None:
            message = f"`{name}` has rules for lakeFS' collector, and there is none"
            help = f"add `gc: {{image: ...}}` to `{me.name}`, next to `repositories`"
            yield model.Problem("invalid-value", message, ("repositories", name, "gc"), help)


def binding_problems(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Problem]:
    if me.spec.gc is not None and not _repositories(me, wiring):
        message = "lakeFS has no repository, so its collector has nothing to collect"
        help = "list them under `repositories`: the collector is started for each by its name"
        yield model.Problem("invalid-value", message, ("gc",), help)


def sizes(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Size]:
    words = "a quarter is its cache of metadata, and another one for three ranges of 20Mi in use"
    yield model.local_disk(_disk(me), 4 * RANGES, words)


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    database, store = wiring[METADATA], wiring[STORE]
    admin, keys = lakefs.admin(me), f"{me.name}-keys"
    yield model.Credential(
        admin,
        {s3.ACCESS_KEY: model.Random.ACCESS_KEY, s3.SECRET_KEY: model.Random.SECRET_KEY},
        (me.namespace,),
        (me.name,),
        "the administrator's key, which every client shares: at most 20 characters in its ID",
        remove_command=DISMISS,
    )
    yield model.Credential(
        keys,
        {"encrypt": model.Random.SECRET_KEY, "signing": model.Random.SECRET_KEY},
        (me.namespace,),
        (me.name,),
        "`encrypt` may never change: credentials in the database are encrypted with it",
        immutable_reason="lakeFS has encrypted the credentials in its database with it",
    )
    env = variables.of_server(database, store, keys)
    setup_env = variables.of_setup(database, keys)
    yield _server(me, env, _await_database(me, setup_env), [database, store])
    yield kube.service(me, "server", {"http-lakefs": PORT})
    yield model.Metrics(pods="server", port=PORT, alerts=(FAILING,))
    repositories = _repositories(me, wiring)
    yield from _setup(me, setup_env, database, store, repositories)
    if me.spec.gc is not None:
        rules = {name: repository.gc for name, repository in repositories.items()}
        yield from gc.lower(me, me.spec.gc, store, rules, PORT)


def _server(
    me: model.Instance[Spec], env: list[Env], await_database: kube.Container,
    uses: list[model.Endpoint],
) -> model.Resource:  # fmt: skip
    template = kube.pod(
        me,
        "server",
        [_container(me, env)],
        init=[await_database],
        user=kube.USER,
        uses=uses,
        spread=me.spec.replicas > 1,
        # It takes files in before it puts others out.
        volumes=[kube.empty_dir("cache", "/lakefs/cache", quantity.binary(2 * _cache(me)))],
    )
    return kube.deployment(me, "server", template, replicas=me.spec.replicas)


def _container(me: model.Instance[Spec], env: list[Env]) -> kube.Container:
    return kube.Container(
        "lakefs",
        me.spec.image,
        kube.resources(
            me.spec.resources, cpu="250m", memory="512Mi", cpu_limit="2", memory_limit="1Gi",
            disk="2Gi", disk_limit=DISK,
        ),
        command=["/app/lakefs", "run"],
        # Asked by its collector, it lists commits in `gc.db` in the folder in which it was started.
        folder=kube.TMP if me.spec.gc else None,
        env=[
            *env,
            Env("LAKEFS_LISTEN_ADDRESS", f"{kube.EVERY_ADDRESS}:{PORT}"),
            Env("LAKEFS_COMMITTED_LOCAL_CACHE_DIR", "/lakefs/cache"),
            Env("LAKEFS_COMMITTED_LOCAL_CACHE_SIZE_BYTES", str(_cache(me))),
        ],
        ports={"http-lakefs": PORT},
        startup=kube.http_probe("/_health", "http-lakefs", failures=30),
        readiness=kube.http_probe("/_health", "http-lakefs"),
        liveness=kube.tcp_probe("http-lakefs", period=20, failures=6),
    )  # fmt: skip


def _disk(me: model.Instance[Spec]) -> int:
    return quantity.in_bytes(me.spec.resources.limits.ephemeral_storage or DISK)


def _cache(me: model.Instance[Spec]) -> int:
    """The bytes of committed metadata on local disk: a quarter of its limit, at most lakeFS' own 1 GiB."""
    return min(quantity.GIB, _disk(me) // 4 // quantity.MIB * quantity.MIB)


def _await_database(me: model.Instance[Spec], env: list[Env]) -> kube.Container:
    """Waits for the database, without which the server exits."""
    resources = kube.resources(
        model.Resources(), cpu="50m", memory="128Mi", cpu_limit="1", memory_limit="512Mi"
    )
    script = kube.render(__file__, "await_database.sh.j2")
    return kube.Container(
        "database", me.spec.image, resources, command=["sh", "-c", script], env=env
    )


def _setup(
    me: model.Instance[Spec], env: list[Env], database: model.Endpoint, store: s3.Endpoint,
    repositories: Mapping[str, Repository],
) -> Iterator[model.Piece]:  # fmt: skip
    """The Job that creates the administrator and the repositories. It can run again safely."""
    storage = [
        (name, f"s3://{store.bucket}/{name}", repository.default_branch)
        for name, repository in repositories.items()
    ]
    script = kube.render(__file__, "setup.sh.j2", repositories=storage)
    admin = lakefs.admin(me)
    resources = kube.resources(
        model.Resources(), cpu="50m", memory="128Mi", cpu_limit="1", memory_limit="512Mi"
    )
    admin_env = [
        *env,
        Env("LAKECTL_SERVER_ENDPOINT_URL", f"http://{me.host()}:{PORT}"),
        Env("LAKECTL_CREDENTIALS_ACCESS_KEY_ID", SecretRef(admin, s3.ACCESS_KEY)),
        Env("LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY", SecretRef(admin, s3.SECRET_KEY)),
    ]
    files = {"setup.sh": script}
    yield from kube.setup_job(
        me, "setup", me.spec.image, files, admin_env, ports=(PORT,), resources=resources,
        uses=[database],
    )  # fmt: skip


def _repositories(me: model.Instance[Spec], wiring: model.Wiring) -> dict[str, Repository]:
    """The repositories of the spec, and those of claims."""
    claimed = {name for binding in wiring.claims(GATEWAY) for name in binding.claim.buckets}
    return dict(sorted({**dict.fromkeys(claimed, Repository()), **me.spec.repositories}.items()))
