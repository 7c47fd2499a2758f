"""What Argo's own objects must hold: its ConfigMap, the labels that open database and store to it,
and a server that a gateway can talk to, in a namespace of the mesh.

People log in with a token of Kubernetes (`--auth-mode=client`, the default since 3.0) or as the
arguments of an installation say, which stay as they are: the server reads `ARGO_SECURE` where it has
no argument `--secure`. The UI has a host of its own, so its base href stays `/`.
"""

from __future__ import annotations

from typing import Any

from compiler import kube, model
from compiler.interfaces import gateway, postgresql, s3, workflows
from compiler.kube import yaml
from compiler.spec.duration import seconds

VERSION = "v4.1.2"
RELEASE = f"https://github.com/argoproj/argo-workflows/releases/download/{VERSION}/install.yaml"
EXECUTOR_USER = 8737  # of argoexec's `-nonroot` image
POOL = 5  # connections of the controller, and of the server
CONTROLLER, SERVER = "workflow-controller", "argo-server"  # upstream's Deployments
ACCOUNTS = {CONTROLLER: "argo", SERVER: "argo-server"}  # whom their pods run as
UI_PORT = 2746
# The server has none. What they tell is of the controller's making: TLS by a certificate of its own.
METRICS = model.Metrics(
    pods=model.OperatorPods("controller", {"app": CONTROLLER}), port=9090, tls=True
)


def prerequisite(
    me: model.Instance[Any], store: s3.Endpoint, archive: postgresql.Endpoint | None,
    entrance: gateway.Endpoint | None,
) -> model.Prerequisite:  # fmt: skip
    settings = {**_pods(me, store), "artifactRepository": workflows.repository(store)}
    if archive is not None:
        settings["persistence"] = _persistence(archive, me.spec.archive_ttl)
    objects = [_config(me.namespace, settings)]
    for name, labelled in labels(store, archive).items():
        objects.append(_deployment(me.namespace, name, labelled, plain=entrance is not None))
    if entrance is not None:
        objects += [_service(me.namespace), entrance.joined(me.namespace)]
    return model.Prerequisite(
        name=me.name,
        system="Argo Workflows",
        version=VERSION,
        namespaces=(me.namespace,),
        how=(
            f"kubectl create namespace {me.namespace}",
            # Its CRDs are larger than the annotation of a client-side apply may be.
            f"kubectl apply --server-side --namespace {me.namespace} -f {RELEASE}",
        ),
        objects=tuple(objects),
    )


def archivists(me: model.Instance[Any]) -> tuple[str, ...]:
    """Who must start again to see another password."""
    return tuple(f"deployment/{name} -n {me.namespace}" for name in (CONTROLLER, SERVER))


def labels(store: s3.Endpoint, archive: postgresql.Endpoint | None) -> dict[str, dict[str, str]]:
    """The labels by which providers know upstream's Deployments, which get them by a patch.

    Both read the archive; the server fetches the artefacts and logs that people look at.
    """
    archived = {archive.binding.label: "true"} if archive else {}
    server = {**archived, store.binding.label: "true"}
    found = {CONTROLLER: archived, SERVER: dict(sorted(server.items()))}
    return {name: one for name, one in found.items() if one}


def _config(namespace: str, settings: dict[str, Any]) -> model.Manifest:
    """One key for each section; each is YAML in a string."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "workflow-controller-configmap", "namespace": namespace},
        "data": {key: yaml.dump(settings[key]) for key in sorted(settings)},
    }


def _deployment(
    namespace: str, name: str, labelled: dict[str, str], *, plain: bool
) -> model.Manifest:
    """The server speaks plain HTTP where a gateway has the certificate."""
    template: model.Manifest = {"metadata": {"labels": labelled}}
    if plain and name == SERVER:
        template["spec"] = {"containers": [_plain_server()]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"template": template},
    }


def _plain_server() -> model.Manifest:
    return {
        "name": SERVER,
        "env": [{"name": "ARGO_SECURE", "value": "false"}],
        "readinessProbe": {"httpGet": {"path": "/", "port": UI_PORT, "scheme": "HTTP"}},
    }


def _service(namespace: str) -> model.Manifest:
    """Upstream calls the port `web`, which is the name of no protocol to a mesh."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": SERVER, "namespace": namespace},
        "spec": {"ports": [{"port": UI_PORT, "appProtocol": "http"}]},
    }


def _persistence(archive: postgresql.Endpoint, ttl: str) -> dict[str, Any]:
    return {
        "archive": True,
        "archiveTTL": f"{seconds(ttl)}s",
        "nodeStatusOffLoad": True,
        "connectionPool": {"maxIdleConns": POOL, "maxOpenConns": POOL},
        "postgresql": {
            "host": archive.host,
            "port": archive.port,
            "database": archive.database,
            "tableName": "argo_workflows",
            "userNameSecret": {"name": archive.secret, "key": "username"},
            "passwordSecret": {"name": archive.secret, "key": "password"},
            "ssl": archive.sslmode != "disable",
            "sslMode": archive.sslmode,
        },
    }


def run_labels(me: model.Instance[Any], store: s3.Endpoint) -> dict[str, str]:
    """The labels of every run's pods: who makes them, and that they write artefacts."""
    return {workflows.label(me): "true", store.binding.label: "true"}


def _pods(me: model.Instance[Any], store: s3.Endpoint) -> dict[str, Any]:
    """Runs that people write themselves are of the platform too: known, and `restricted`."""
    container = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    amounts = {"cpu": "100m", "memory": "64Mi"}
    limits = {"cpu": "500m", "memory": "512Mi"}
    return {
        "executor": {
            "image": f"quay.io/argoproj/argoexec:{VERSION}-nonroot",
            "resources": {"requests": amounts, "limits": limits},
            "securityContext": {**container, "runAsUser": EXECUTOR_USER},
        },
        "mainContainer": {"securityContext": container},
        "workflowDefaults": {
            "spec": {
                # Of the whole pod: Istio's containers have no seccomp profile of their own.
                "securityContext": dict(kube.UNPRIVILEGED),
                "podGC": {"strategy": "OnPodSuccess"},
                "podMetadata": {"labels": dict(sorted(run_labels(me, store).items()))},
                "serviceAccountName": workflows.account(me),
                "ttlStrategy": {"secondsAfterCompletion": 7 * 86400},
            }
        },
    }
