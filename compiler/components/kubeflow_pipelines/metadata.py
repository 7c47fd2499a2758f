"""ML Metadata: the lineage of artefacts over gRPC, with Envoy in front of it for browsers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler import kube, model
from compiler.interfaces import mysql
from compiler.model import Env

# Upstream's names, which are built into its programs.
SERVICE, ENVOY = "metadata-grpc-service", "metadata-envoy-service"
CONFIG_MAP = "metadata-grpc-configmap"
GRPC, ENVOY_PORT = 8080, 9090


def lower(me: model.Instance[Any], database: mysql.Endpoint) -> Iterator[model.Piece]:
    yield _store(me, database)
    yield kube.service(me, "metadata", {"grpc-metadata": GRPC}, name=SERVICE)
    yield _envoy(me)
    yield kube.service(me, "envoy", {"http-envoy": ENVOY_PORT}, name=ENVOY)
    yield model.InternalTraffic("envoy", "metadata", (GRPC,))
    # Drivers and launchers of runs read it, where it exists.
    data = {
        "METADATA_GRPC_SERVICE_HOST": me.host(SERVICE),
        "METADATA_GRPC_SERVICE_PORT": str(GRPC),
    }
    yield model.Resource(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": CONFIG_MAP, "namespace": me.namespace},
            "data": data,
        }
    )


def _store(me: model.Instance[Any], database: mysql.Endpoint) -> model.Resource:
    container = kube.Container(
        "metadata",
        me.spec.metadata_image,
        kube.resources(
            me.spec.resources, cpu="100m", memory="128Mi", cpu_limit="1", memory_limit="512Mi"
        ),
        command=["/bin/metadata_store_server"],
        args=[
            f"--grpc_port={GRPC}",
            f"--mysql_config_database={database.database}",
            f"--mysql_config_host={database.host}",
            f"--mysql_config_port={database.port}",
            "--mysql_config_user=$(DATABASE_USERNAME)",
            "--mysql_config_password=$(DATABASE_PASSWORD)",
            "--enable_database_upgrade=true",
            *_tls(database),
        ],
        env=[
            Env("DATABASE_USERNAME", database.username),
            Env("DATABASE_PASSWORD", database.password),
        ],
        ports={"grpc-metadata": GRPC},
        startup=kube.tcp_probe("grpc-metadata", failures=60),
        readiness=kube.tcp_probe("grpc-metadata"),
        liveness=kube.tcp_probe("grpc-metadata", period=20, failures=6),
    )
    template = kube.pod(me, "metadata", [container], user=kube.USER, uses=[database])
    return kube.deployment(me, "metadata", template, replicas=1, name=f"{me.name}-metadata")


def _tls(database: mysql.Endpoint) -> list[str]:
    """Any of its TLS options turns TLS on (ML Metadata 1.14, metadata_store_server_main.cc)."""
    if database.authority:
        trust = f"--mysql_config_sslrootcert={database.authority}"
        return [trust, "--mysql_config_verify_server_cert=true"]
    return ["--mysql_config_sslcapath=/etc/ssl/certs"] if database.tls else []


def _envoy(me: model.Instance[Any]) -> model.Resource:
    """Envoy. Its image contains its configuration: port 9090, and the store by its Service's short
    name.
    """
    container = kube.Container(
        "envoy",
        me.spec.envoy_image,
        kube.resources(
            me.spec.resources, cpu="50m", memory="64Mi", cpu_limit="500m", memory_limit="256Mi"
        ),
        ports={"http-envoy": ENVOY_PORT},
        readiness=kube.tcp_probe("http-envoy"),
        liveness=kube.tcp_probe("http-envoy", period=20, failures=6),
    )
    template = kube.pod(me, "envoy", [container], user=kube.USER)
    return kube.deployment(me, "envoy", template, replicas=1, name=f"{me.name}-envoy")
