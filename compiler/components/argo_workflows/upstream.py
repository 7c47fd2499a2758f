"""Required fields of Argo's own objects: its ConfigMap, labels that give access to database and
store, and its server behind a gateway. In a mesh, its namespace joins it: pods in strict mode refuse
clients outside.

People log in with a Kubernetes token (`--auth-mode=client`, the default since 3.0) or as the
arguments of the installation say, which stay unchanged: the server reads `ARGO_SECURE` if it has no
argument `--secure`. The UI has a separate host, so its base href stays `/`.
"""

from __future__ import annotations

from typing import Any

from compiler import kube, model
from compiler.interfaces import mesh, postgresql, s3, workflows
from compiler.kube import yaml
from compiler.spec.duration import seconds

VERSION = "v4.1.2"
RELEASE = f"https://github.com/argoproj/argo-workflows/releases/download/{VERSION}/install.yaml"
EXECUTOR_USER = 8737  # of argoexec's `-nonroot` image
POOL = 5  # connections of the controller, and of the server
CONTROLLER, SERVER = "workflow-controller", "argo-server"  # upstream's Deployments
ACCOUNTS = {CONTROLLER: "argo", SERVER: "argo-server"}  # the ServiceAccounts of their pods
UI_PORT = 2746
# Only the controller has metrics, over TLS with a self-signed certificate.
METRICS = model.Metrics(
    pods=model.OperatorPods("controller", {"app": CONTROLLER}), port=9090, tls=True
)


def prerequisite(
    me: model.Instance[Any], store: s3.Endpoint, archive: postgresql.Endpoint | None,
    member: mesh.Endpoint | None, *, routed: bool,
) -> model.Prerequisite:  # fmt: skip
    settings = {**_pods(me, store), "artifactRepository": workflows.repository(store)}
    if archive is not None:
        settings["persistence"] = _persistence(archive, me.spec.archive_ttl)
    objects = [_config(me.namespace, settings)]
    for name, labelled in labels(store, archive).items():
        objects.append(_deployment(me.namespace, name, labelled, plain=routed))
    if routed:
        objects.append(_service(me.namespace))
    if member is not None:
        objects.append(member.joined(me.namespace))
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
    """The workloads that must restart after a change of the archive's password."""
    return tuple(f"deployment/{name} -n {me.namespace}" for name in (CONTROLLER, SERVER))


def labels(store: s3.Endpoint, archive: postgresql.Endpoint | None) -> dict[str, dict[str, str]]:
    """Labels that give upstream's Deployments access to providers; a patch adds them.

    Both Deployments read the archive; the server also fetches artefacts and logs for its UI.
    """
    archived = {archive.binding.label: "true"} if archive else {}
    server = {**archived, store.binding.label: "true"}
    by_deployment = {CONTROLLER: archived, SERVER: dict(sorted(server.items()))}
    return {name: pod_labels for name, pod_labels in by_deployment.items() if pod_labels}


def _config(namespace: str, settings: dict[str, Any]) -> model.Manifest:
    """One key for each section; each value is YAML in a string."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "workflow-controller-configmap", "namespace": namespace},
        "data": {key: yaml.dump(settings[key]) for key in sorted(settings)},
    }


def _deployment(
    namespace: str, name: str, labelled: dict[str, str], *, plain: bool
) -> model.Manifest:
    """The server uses plain HTTP behind a gateway, which has the certificate."""
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
    """Upstream names the port `web`, which a mesh does not recognise as a protocol."""
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
            "userNameSecret": archive.secret_key("username").selector,
            "passwordSecret": archive.secret_key("password").selector,
            "ssl": archive.sslmode != "disable",
            "sslMode": archive.sslmode,
        },
    }


def run_labels(me: model.Instance[Any], store: s3.Endpoint) -> dict[str, str]:
    """The labels of every run's pods: their controller, and write access to artefacts."""
    return {workflows.label(me): "true", store.binding.label: "true"}


def _pods(me: model.Instance[Any], store: s3.Endpoint) -> dict[str, Any]:
    """Settings for runs that people write themselves: labels of the platform, and `restricted` pods."""
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
                # For the whole pod, because Istio's containers set no seccomp profile.
                "securityContext": dict(kube.UNPRIVILEGED),
                "podGC": {"strategy": "OnPodSuccess"},
                "podMetadata": {"labels": dict(sorted(run_labels(me, store).items()))},
                "serviceAccountName": workflows.account(me),
                "ttlStrategy": {"secondsAfterCompletion": 7 * 86400},
            }
        },
    }
