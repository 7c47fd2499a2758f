"""The servers: API, persistence agent, scheduler and UI.

Kubernetes' service links are off, so the variables by which upstream's programs find each other are
written explicitly. Each server has a separate ServiceAccount; its rights are in rights.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from compiler import kube, model
from compiler.components.kubeflow_pipelines import metadata, rights, runs, settings
from compiler.interfaces import mysql, s3, workflows
from compiler.model import Env
from compiler.model.binding import AUTHORITIES

API, UI = "ml-pipeline", "ml-pipeline-ui"  # upstream's names, which are built into its programs
HTTP, GRPC, UI_PORT = 8888, 8887, 3000
USER = 1000  # the user of upstream's images


def api(
    me: model.Instance[Any], database: mysql.Endpoint, store: s3.Endpoint, patch: str
) -> Iterator[model.Piece]:
    container = kube.Container(
        "api",
        me.spec.image,
        kube.resources(
            me.spec.resources, cpu="250m", memory="512Mi", cpu_limit="2", memory_limit="2Gi"
        ),
        env=[
            *_namespace(me),
            *_database(database),
            *_store(store),
            *_trust(database, store),
            *_runs(me, patch),
        ],
        ports={"http-api": HTTP, "grpc-api": GRPC},
        startup=kube.http_probe("/apis/v1beta1/healthz", "http-api", failures=30),
        readiness=kube.http_probe("/apis/v1beta1/healthz", "http-api"),
        liveness=kube.tcp_probe("http-api", period=20, failures=6),
    )
    template = kube.pod(
        me, "api", [container], user=USER, uses=[database, store], volumes=[settings.volume(me)]
    )
    yield settings.files(me)
    yield from _server(me, "api", template)
    yield kube.service(me, "api", {"http-api": HTTP, "grpc-api": GRPC}, name=API)
    yield model.Metrics(pods="api", port=HTTP)
    yield from rights.reviews(me, account(me, "api"))
    yield model.InternalTraffic("api", "metadata", (metadata.GRPC,))


def agent(me: model.Instance[Any]) -> Iterator[model.Piece]:
    """Reports the progress of runs to the API server."""
    container = kube.Container(
        "agent",
        me.spec.agent_image,
        kube.resources(
            me.spec.resources, cpu="100m", memory="256Mi", cpu_limit="500m", memory_limit="512Mi"
        ),
        env=[
            Env("NAMESPACE", me.namespace),
            Env("TTL_SECONDS_AFTER_WORKFLOW_FINISH", "86400"),
            Env("NUM_WORKERS", "2"),
            Env("LOG_LEVEL", "info"),
        ],
    )
    yield from _client(me, "agent", container, "persistenceagent-sa-token")


def schedules(me: model.Instance[Any]) -> Iterator[model.Piece]:
    """Starts runs on their schedules."""
    container = kube.Container(
        "schedules",
        me.spec.schedule_image,
        kube.resources(
            me.spec.resources, cpu="100m", memory="128Mi", cpu_limit="500m", memory_limit="512Mi"
        ),
        env=[
            Env("NAMESPACE", me.namespace),
            Env("CRON_SCHEDULE_TIMEZONE", "UTC"),
            Env("CLIENT_QPS", "10"),
            Env("CLIENT_BURST", "20"),
            Env("RESYNC_INTERVAL_SECONDS", "30"),
            Env("LOG_LEVEL", "info"),
        ],
    )
    yield from _client(me, "schedules", container, "scheduledworkflow-sa-token")


def ui(me: model.Instance[Any], store: s3.Endpoint) -> Iterator[model.Piece]:
    probe = "/apis/v1beta1/healthz"
    container = kube.Container(
        "ui",
        me.spec.ui_image,
        kube.resources(
            me.spec.resources, cpu="50m", memory="128Mi", cpu_limit="1", memory_limit="512Mi"
        ),
        env=[
            Env("FRONTEND_SERVER_NAMESPACE", me.namespace),
            Env("ML_PIPELINE_SERVICE_HOST", me.host(API)),
            Env("ML_PIPELINE_SERVICE_PORT", str(HTTP)),
            Env("METADATA_ENVOY_SERVICE_SERVICE_HOST", me.host(metadata.ENVOY)),
            Env("METADATA_ENVOY_SERVICE_SERVICE_PORT", str(metadata.ENVOY_PORT)),
            *_artifacts(store),
            *([Env("NODE_EXTRA_CA_CERTS", store.authority)] if store.authority else []),
            Env("ALLOW_CUSTOM_VISUALIZATIONS", "false"),
            Env("DISABLE_GKE_METADATA", "true"),
        ],
        ports={"http-ui": UI_PORT},
        readiness=kube.http_probe(probe, "http-ui"),
        liveness=kube.tcp_probe("http-ui", period=20, failures=6),
    )
    template = kube.pod(me, "ui", [container], user=USER, uses=[store])
    yield from _server(me, "ui", template, secrets=(store.secret,))
    yield kube.service(me, "ui", {"http-ui": 80}, name=UI, targets={"http-ui": UI_PORT})
    yield model.InternalTraffic("ui", "api", (HTTP,))
    yield model.InternalTraffic("ui", "envoy", (metadata.ENVOY_PORT,))


def account(me: model.Instance[Any], role: str) -> str:
    return f"{me.name}-{role}"


def _client(
    me: model.Instance[Any], role: str, container: kube.Container, token: str
) -> Iterator[model.Piece]:
    """A server that only makes requests, with a token for the pipelines API alone."""
    source = {"path": token, "expirationSeconds": 3600, "audience": "pipelines.kubeflow.org"}
    volume = kube.Volume(
        "token",
        {"projected": {"sources": [{"serviceAccountToken": source}]}},
        "/var/run/secrets/kubeflow/tokens",
        read_only=True,
    )
    template = kube.pod(me, role, [container], user=USER, volumes=[volume])
    yield from _server(me, role, template)
    yield model.InternalTraffic(role, "api", (HTTP, GRPC))


def _server(
    me: model.Instance[Any], role: str, template: model.Manifest, secrets: Sequence[str] = ()
) -> Iterator[model.Piece]:
    """A Deployment whose pods have the API rights of their role."""
    name = account(me, role)
    spec = {**template["spec"], "serviceAccountName": name, "automountServiceAccountToken": True}
    yield kube.deployment(me, role, {**template, "spec": spec}, replicas=1, name=name)
    yield from kube.role(name, me.namespace, rights.of(role, secrets))
    yield kube.api_server(me, role)


def _namespace(me: model.Instance[Any]) -> Iterator[Env]:
    yield Env("POD_NAMESPACE", me.namespace)
    yield Env("CLUSTER_DOMAIN", me.settings.cluster.domain)
    yield Env("LOG_LEVEL", "info")


def _database(database: mysql.Endpoint) -> Iterator[Env]:
    yield Env("DBDRIVERNAME", "mysql")
    prefix = "DBCONFIG_MYSQLCONFIG"
    yield Env(f"{prefix}_USER", database.username)
    yield Env(f"{prefix}_PASSWORD", database.password)
    yield Env(f"{prefix}_DBNAME", database.database)
    yield Env(f"{prefix}_HOST", database.host)
    yield Env(f"{prefix}_PORT", str(database.port))
    if database.tls:
        yield Env(f"{prefix}_EXTRAPARAMS", '{"tls":"true"}')
    yield Env("DBCONFIG_CONMAXLIFETIME", "120s")


def _store(store: s3.Endpoint) -> Iterator[Env]:
    """The store for the API server: the second of the five places."""
    prefix = "OBJECTSTORECONFIG"
    yield Env(f"{prefix}_HOST", store.host)
    yield Env(f"{prefix}_PORT", str(store.port))
    yield Env(f"{prefix}_SECURE", str(store.secure).lower())
    yield Env(f"{prefix}_REGION", store.region)
    yield Env(f"{prefix}_BUCKETNAME", store.bucket)
    yield Env(f"{prefix}_ACCESSKEY", store.secret_key(s3.ACCESS_KEY))
    yield Env(f"{prefix}_SECRETACCESSKEY", store.secret_key(s3.SECRET_KEY))


def _trust(*providers: model.Endpoint) -> Iterator[Env]:
    """Go reads the certificates of this folder in addition to its image's bundle (crypto/x509)."""
    if any(provider.authority for provider in providers):
        yield Env("SSL_CERT_DIR", AUTHORITIES)


def _runs(me: model.Instance[Any], patch: str) -> Iterator[Env]:
    yield Env("V2_DRIVER_IMAGE", me.spec.driver_image)
    yield Env("V2_LAUNCHER_IMAGE", me.spec.launcher_image)
    yield Env("DEFAULTPIPELINERUNNERSERVICEACCOUNT", runs.account(me))
    yield Env("DEFAULT_SECURITY_CONTEXT_RUN_AS_USER", str(runs.USER))
    yield Env("DEFAULT_SECURITY_CONTEXT_RUN_AS_GROUP", str(runs.USER))
    yield Env("DEFAULT_SECURITY_CONTEXT_RUN_AS_NON_ROOT", "true")
    yield Env("COMPILED_PIPELINE_SPEC_PATCH", patch)


def _artifacts(store: s3.Endpoint) -> Iterator[Env]:
    """The store for the UI, for `minio://` and `s3://` roots: the third of the five places."""
    access, secret = (store.secret_key(key) for key in (s3.ACCESS_KEY, s3.SECRET_KEY))
    secure = str(store.secure).lower()
    # The UI puts the two together again; an empty one would be lost on the way to the server.
    host, _, rest = store.host.partition(".")
    yield Env("MINIO_HOST", host)
    yield Env("MINIO_NAMESPACE", rest)
    yield Env("MINIO_PORT", str(store.port))
    yield Env("MINIO_SSL", secure)
    yield Env("MINIO_ACCESS_KEY", access)
    yield Env("MINIO_SECRET_KEY", secret)
    yield Env("AWS_S3_ENDPOINT", store.address)
    yield Env("AWS_REGION", store.region)
    yield Env("AWS_SSL", secure)
    yield Env("AWS_ACCESS_KEY_ID", access)
    yield Env("AWS_SECRET_ACCESS_KEY", secret)
    yield Env("ARGO_ARCHIVE_LOGS", "true")
    yield Env("ARGO_ARCHIVE_BUCKETNAME", store.bucket)
    yield Env("ARGO_KEYFORMAT", workflows.KEY_FORMAT)
