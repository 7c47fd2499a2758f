"""List systems that users take for component types, each with the text to type instead."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics.words import alternatives, normalised
from compiler.interfaces import external_service, gateway, monitoring, mysql, postgresql, redis, s3
from compiler.registry import providers

# By interface: the types that offer it are listed, so a new one is found here as well.
_PROVIDED = {
    gateway.Endpoint.interface: (
        "hosts are routed by",
        "ingress-nginx nginx nginx-ingress ingress-controller traefik haproxy contour kong envoy "
        "envoy-gateway caddy apisix emissary linkerd metallb",
    ),
    s3.Endpoint.interface: (
        "an object store is",
        "minio-operator minio-tenant rustfs garage s3 aws-s3 object-store rook localstack nexus",
    ),
    postgresql.Endpoint.interface: (
        "a PostgreSQL is",
        "pg timescaledb zalando postgres-operator postgresql-ha crunchy patroni stackgres",
    ),
    mysql.Endpoint.interface: ("a MySQL is", "mariadb percona galera tidb vitess"),
    redis.Endpoint.interface: ("a Redis is", "keydb dragonfly redis-cluster sentinel"),
    monitoring.Endpoint.interface: (
        "scrape targets and alerts, for a Prometheus that the cluster has, come with",
        "prometheus prometheus-operator kube-prometheus-stack alertmanager grafana loki tempo "
        "victoriametrics thanos mimir otel opentelemetry-collector jaeger",
    ),
}
# Systems that the platform's programs call, and that run outside of it.
_OUTSIDE = (
    "kafka strimzi redpanda rabbitmq nats elasticsearch opensearch mongodb clickhouse cassandra trino "
    "milvus qdrant weaviate neo4j gitea gitlab nexus-repository devpi pypi verdaccio mongo snowflake"
)
_FIXED = {
    "`login:` under `spec:` puts a login before all pages; the identity provider runs outside": "keycloak dex authentik authelia zitadel oauth2-proxy oidc ldap auth",
    "the certificate of all hosts is `tls: {issuer: {name: ...}}` under `spec:`; cert-manager is "
    "one of the prerequisites": "cert-manager letsencrypt step-ca certificates",
    "pipelines run on `argo-workflows` or `kubeflow-pipelines`": "airflow prefect dagster flyte "
    "metaflow zenml argo kubeflow luigi kestra tekton elyra workflows pipelines",
    "a model is no component: write `models: {NAME: {format: ..., uri: ...}}` under `spec:`, and "
    "`kserve: {}` here": "vllm triton triton-inference-server tgi ollama bentoml torchserve mlserver "
    "tensorflow-serving kfserving llm model-serving inferenceservice",
    "experiments are `mlflow`": "wandb clearml neptune aim tensorboard tracking model-registry",
    "credentials are `secrets: {provider: ...}` under `spec:`": "vault hashicorp-vault openbao "
    "external-secrets external-secrets-operator sealed-secrets sops eso secrets",
    "images come by `registry: {mirror: ...}` under `spec:`": "harbor registry distribution quay docker-registry",
    "copies are `backup: {to: ..., schedule: ...}` under `spec:`": "velero barman backup restic kasten",
    "platformc writes what it delivers: see the how-to pages on Argo CD and Flux": "argocd argo-cd "
    "flux fluxcd",
    "notebooks and clusters of your own join by the environment that `platformc client-kit` prints": "jupyter jupyterhub "
    "notebook notebooks jupyterlab rstudio code-server ray kuberay spark spark-operator dask "
    "volcano kueue katib trainer training-operator horovod",
    "a program of your own is no component: write it under `workloads:`": "app job cronjob deployment "
    "streamlit fastapi flask trainer-job",
}  # fmt: skip


def instead_of(name: str) -> str | None:
    """The text to type for a system that is no component type, or None where it is unknown."""
    return dict(_answers()).get(normalised(name))


def _answers() -> Iterator[tuple[str, str]]:
    for interface, (meaning, names) in _PROVIDED.items():
        yield from _by_name(
            names, f"{meaning} a component of type {alternatives(providers(interface))}"
        )
    for name in _OUTSIDE.split():
        service = providers(external_service.Endpoint.interface)[0]
        yield (
            normalised(name),
            f"it runs outside the platform: `{name}: {{type: {service}, host: ...}}` gives its users "
            "the address, and permits the connection",
        )
    for text, names in _FIXED.items():
        yield from _by_name(names, text)


def _by_name(names: str, text: str) -> Iterator[tuple[str, str]]:
    return ((normalised(name), text) for name in names.split())
