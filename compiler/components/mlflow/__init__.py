"""MLflow tracking server: a stateless process on a PostgreSQL database and an S3 bucket.

Facts about MLflow 3.17.2: since 3.5 it answers 403 to unknown Host headers. Kubernetes' service
links would set variables that it reads as flags. On an empty database its server creates a schema,
in a race with the migration, and on an old one it refuses to start; so server pods wait for the
migration. Only the `-full` image has the drivers, and the exporter for request metrics, which is
enabled by naming a folder; without the exporter, the folder keeps the server from starting.

The image's tag: a release of mlflow/mlflow is pushed under its git tag
(.github/workflows/push-images.yml); other projects build from `v3.17.0-full`. No source at hand
names 3.17.2.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field

from compiler import kube, model
from compiler.components.mlflow import gc, hosts, versions
from compiler.components.mlflow.gc import Gc
from compiler.interfaces import gateway, mlflow, postgresql, s3
from compiler.model import Env
from compiler.spec import quantity
from compiler.spec.quantity import GIB, MIB
from compiler.spec.tenant import WorkloadSpec
from compiler.spec.types import Bucket, Database, Image

PHASE = model.Phase.SERVERS
VERSIONS = versions.VERSIONS
BACKEND_STORE = model.Requires("backend-store", postgresql.Endpoint)
ARTIFACTS = model.Requires("artifacts", s3.Endpoint)
TRACKING = model.Provides("tracking", mlflow.Endpoint)
SPARES_CLIENTS = (("s3", "artifacts: proxied"),)
MIGRATION = (
    "its Job migrates the schema to {image}, which cannot be undone, and older servers refuse it"
)
PORT = 5000

# A worker keeps up to three SQLAlchemy engines (tracking, registry, jobs), each with this pool.
ENGINES, POOL_SIZE, MAX_OVERFLOW = 3, 2, 1
MIGRATION_CONNECTIONS = 5
# Local disk of a server that passes artefacts on. Each one lies in /tmp as a whole while it is sent or
# fetched (mlflow 3.17.2, server/artifact_router.py), and the server takes any number of them at once. So
# the disk bounds the sum of those on their way: 15 GiB, and the next one ends with status 500.
PROXIED_DISK = "16Gi"
# `status` is the HTTP status; all workers of a pod count together.
FAILING = model.Alert(
    "RequestsFailing",
    'sum(rate(mlflow_http_request_total{$pods,status=~"5.."}[5m])) '
    "> 0.05 * sum(rate(mlflow_http_request_total{$pods}[5m]))",
    "10m",
    "More than 5 % of the requests to MLflow fail: its database or its store may not answer.",
)


class Spec(model.PageSpec, model.RunningSpec, model.AdoptsData):
    """An MLflow tracking server."""

    image: Image = Field(default="ghcr.io/mlflow/mlflow:v3.17.2-full", description="Its image.")
    replicas: int = Field(default=1, ge=1, le=50, description="Server pods.")
    workers: int = Field(
        default=2, ge=1, le=16, description="Processes in each pod; prefer replicas."
    )
    artifacts: Literal["direct", "proxied"] = Field(
        default="direct",
        description="Whether clients write artefacts to the store or to the server. After a change, "
        "existing experiments keep their old address.",
    )
    database: Database | None = Field(default=None, description="Default: the instance's name.")
    bucket: Bucket | None = Field(default=None, description="Default: the instance's name.")
    shared: bool = Field(
        default=False, description="Other instances may claim its database and bucket as well."
    )
    gc: Gc | None = Field(
        default=None, description="Delete the rows and artefacts of deleted runs on a schedule."
    )
    smoke: bool = Field(default=True, description="A Job that logs a run as a training pod would.")


def claims(me: model.Instance[Spec]) -> model.Claims:
    # A rolling update runs one pod more.
    pods = me.spec.replicas + 1
    connections = pods * me.spec.workers * ENGINES * (POOL_SIZE + MAX_OVERFLOW)
    return {
        BACKEND_STORE: postgresql.Claim(
            database=me.spec.database_of(me.name),
            exists=me.spec.adopted.database is not None,
            connections=connections + MIGRATION_CONNECTIONS,
            direct=MIGRATION_CONNECTIONS,
            calculation=f"{pods} pods x {me.spec.workers} workers x {ENGINES} engines x "
            f"{POOL_SIZE + MAX_OVERFLOW} + {MIGRATION_CONNECTIONS} for migrations",
            creates_tables=True,
            shared=me.spec.shared,
        ),
        ARTIFACTS: s3.Claim(buckets=(me.spec.bucket_of(me.name),), shared=me.spec.shared),
    }


def offers(me: model.Instance[Spec]) -> model.Offers:
    entails = (ARTIFACTS,) if me.spec.artifacts == "direct" else ()
    return {TRACKING: mlflow.Offer(port=PORT, ui=True, requires_of_clients=entails)}


def workloads(me: model.Instance[Spec]) -> Mapping[str, WorkloadSpec]:
    """The smoke test: an ordinary workload with a training pod's environment.

    An experiment keeps the address of its artefacts, so each way to the store has an experiment.
    """
    if not me.spec.smoke:
        return {}
    experiment = f"platformc-smoke{'-proxied' if me.spec.artifacts == 'proxied' else ''}"
    smoke = WorkloadSpec(
        image=me.spec.image,
        command=("python", "-c", kube.render(__file__, "smoke.py.j2", experiment=experiment)),
        uses=(me.name,),
        run="once",
        timeout="30m",
        retries=6,
        namespace=me.namespace,
        user=kube.USER,
    )
    return {f"{me.name}-smoke": smoke}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    database, artifacts = wiring[BACKEND_STORE], wiring[ARTIFACTS]
    client = kube.client(me, [artifacts])
    yield from client.configs
    yield _migration(me, database.direct)
    yield _server(me, database, artifacts, client, wiring.get(gateway.ROUTE))
    yield kube.service(me, "server", {"http-mlflow": PORT})
    if me.spec.gc is not None:
        yield from _gc(me, me.spec.gc, database, artifacts, client)
    folder = Env("MLFLOW_EXPOSE_PROMETHEUS", f"{kube.TMP}/metrics")
    yield model.Metrics(pods="server", port=PORT, env=(folder,), alerts=(FAILING,))


def adoptable(pod: model.LivePod) -> Mapping[str, str]:
    """Database and bucket, by the names that MLflow's command and variables have for them."""
    uri = pod.option("--backend-store-uri") or pod.env.get("MLFLOW_BACKEND_STORE_URI", "")
    root = (
        pod.option("--artifacts-destination")
        or pod.option("--default-artifact-root")
        or pod.env.get("MLFLOW_ARTIFACTS_DESTINATION")
        or pod.env.get("MLFLOW_DEFAULT_ARTIFACT_ROOT", "")
    )
    database = urlsplit(uri).path.strip("/") if uri.startswith("postgresql") else ""
    bucket = urlsplit(root).netloc if root.startswith("s3://") else ""
    values = {"database": database, "bucket": bucket}
    return {key: value for key, value in values.items() if re.fullmatch(r"[\w.-]+", value)}


def _server(
    me: model.Instance[Spec],
    database: postgresql.Endpoint,
    artifacts: s3.Endpoint,
    client: kube.Client,
    entrance: gateway.Endpoint | None,
) -> model.Resource:
    server = kube.Container(
        "mlflow",
        me.spec.image,
        _resources(me.spec),
        command=["mlflow", "server"],
        env=[
            *_backend(database),
            *client.env,
            Env("MLFLOW_S3_ENDPOINT_URL", artifacts.url),
            *_artifact_store(me.spec, artifacts),
            *_settings(me, entrance),
            *_quiet(),
        ],
        ports={"http-mlflow": PORT},
        # A cold start took more than a minute on two busy cores.
        startup=kube.http_probe("/health", "http-mlflow", failures=30),
        readiness=kube.http_probe("/health", "http-mlflow"),
        liveness=kube.http_probe("/version", "http-mlflow", period=20, failures=6),
    )
    template = kube.pod(
        me,
        "server",
        [server],
        init=[_await_schema(me, database)],
        user=kube.USER,
        volumes=client.volumes,
        uses=[database, artifacts],
        spread=me.spec.replicas > 1,
    )
    return kube.deployment(me, "server", template, replicas=me.spec.replicas, step=1)


def _settings(me: model.Instance[Spec], entrance: gateway.Endpoint | None) -> list[Env]:
    page = (me.public_host or me.route) if entrance else None
    return [
        Env("MLFLOW_HOST", kube.EVERY_ADDRESS),
        Env("MLFLOW_PORT", str(PORT)),
        Env("MLFLOW_WORKERS", str(me.spec.workers)),
        Env("MLFLOW_SERVER_ALLOWED_HOSTS", ",".join(hosts.allowed(me, page))),
        Env("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", _origin(page, entrance)),
        Env("MLFLOW_SQLALCHEMYSTORE_POOL_SIZE", str(POOL_SIZE)),
        Env("MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW", str(MAX_OVERFLOW)),
        Env("MLFLOW_SQLALCHEMYSTORE_POOL_RECYCLE", "1800"),
        Env("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false"),
    ]


def _resources(spec: Spec) -> model.Manifest:
    """Measured on 3.17.2: a parent of 240 MiB, and as much again for each worker."""
    mebibytes = 512 + 256 * spec.workers
    memory_limit = f"{2 * mebibytes}Mi"
    return kube.resources(
        spec.resources, cpu="250m", memory=f"{mebibytes}Mi", cpu_limit="2",
        memory_limit=memory_limit, disk_limit=_disk(spec, memory_limit),
    )  # fmt: skip


def _disk(spec: Spec, memory_limit: str) -> str:
    """The limit of local disk.

    A file for the page lies in /tmp as a whole, and then in memory as fast as the disk gives it: Flask's
    answers pass a queue without a bound (starlette 1.10, middleware/wsgi.py). So more than the memory
    limit never lies there.
    """
    if spec.artifacts == "proxied":
        return PROXIED_DISK
    memory = spec.resources.limits.memory or memory_limit
    return quantity.binary(-(-quantity.in_bytes(memory) // MIB) * MIB + GIB)


def _gc(
    me: model.Instance[Spec], spec: Gc, database: postgresql.Endpoint, artifacts: s3.Endpoint,
    client: kube.Client,
) -> Iterator[model.Piece]:  # fmt: skip
    proxied = me.spec.artifacts == "proxied"
    server = (Env("MLFLOW_TRACKING_URI", f"http://{me.host()}:{PORT}"),) if proxied else ()
    store = (Env("MLFLOW_S3_ENDPOINT_URL", artifacts.url), *_artifact_store(me.spec, artifacts))
    env = (*_backend(database), *client.env, *store, *server, *_quiet())
    if proxied:
        yield model.InternalTraffic("gc", "server", (PORT,))
    yield gc.cron_job(me, spec, env, client.volumes, [database, artifacts])


def _await_schema(me: model.Instance[Spec], database: postgresql.Endpoint) -> kube.Container:
    """Waits for the migration. During an update, pods of the previous version keep serving."""
    return kube.Container(
        "schema",
        me.spec.image,
        _compute_once(),
        command=["python", "-c", kube.render(__file__, "await_schema.py.j2")],
        env=[*_backend(database), *_quiet()],
    )


def _compute_once() -> model.Manifest:
    """Resources of a single process that imports MLflow and does little else."""
    return kube.resources(
        model.Resources(), cpu="250m", memory="512Mi", cpu_limit="1", memory_limit="1Gi"
    )


def _migration(me: model.Instance[Spec], database: postgresql.Endpoint) -> model.Resource:
    """The Job that migrates the schema to the image's version, directly on PostgreSQL."""
    container = kube.Container(
        "migrate",
        me.spec.image,
        _compute_once(),
        command=["sh", "-c", kube.render(__file__, "migrate.sh.j2")],
        env=[*_backend(database), *_quiet()],
    )
    template = kube.pod(
        me, "migrate", [container], user=kube.USER, uses=[database], restart="OnFailure"
    )
    return kube.job(me, f"{me.name}-migrate", template)


def _backend(database: postgresql.Endpoint) -> tuple[Env, ...]:
    uri = database.uri("BACKEND_STORE", "postgresql+psycopg2")
    return (*database.uri_login("BACKEND_STORE"), Env("MLFLOW_BACKEND_STORE_URI", uri))


def _artifact_store(spec: Spec, artifacts: s3.Endpoint) -> tuple[Env, ...]:
    root = artifacts.root
    if spec.artifacts == "direct":
        return (
            Env("MLFLOW_DEFAULT_ARTIFACT_ROOT", root),
            Env("MLFLOW_SERVE_ARTIFACTS", "false"),
        )
    return (Env("MLFLOW_ARTIFACTS_DESTINATION", root),)


def _quiet() -> tuple[Env, ...]:
    """A writable home, and no telemetry."""
    return (
        Env("HOME", kube.TMP),
        Env("PYTHONDONTWRITEBYTECODE", "1"),
        Env("MLFLOW_DISABLE_TELEMETRY", "true"),
    )


def _origin(page: str | None, entrance: gateway.Endpoint | None) -> str:
    """The origin of its page: at the gateway, or behind a port-forward."""
    return f"{entrance.offer.scheme}://{page}" if entrance else f"http://localhost:{PORT}"
