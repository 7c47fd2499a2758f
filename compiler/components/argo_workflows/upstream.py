"""Require settings in Argo's own objects: its ConfigMap, labels that give access to database and store,
its server behind a gateway, and its namespace in a mesh, whose pods in strict mode refuse outside clients.

People log in with a Kubernetes token (`--auth-mode=client`, the default since 3.0), with `sso` by the
identity provider, or as the arguments of the installation say, which stay unchanged: the server reads
`ARGO_SECURE` and `ARGO_AUTH_MODE` if it has no such argument. The UI has a separate host, so its base
href stays `/`.
"""

from __future__ import annotations

from os.path import dirname
from typing import Any

from compiler import kube, model
from compiler.components.argo_workflows import sign_on
from compiler.interfaces import gateway, mesh, oidc, postgresql, s3, workflows
from compiler.kube import yaml
from compiler.spec.duration import seconds

VERSION = "4.1.2"
RELEASES = "https://github.com/argoproj/argo-workflows/releases/download"
EXECUTOR_USER = 8737  # the user of argoexec's `-nonroot` image
# The security contexts of a step's container, and of the containers that the controller adds.
MAIN: model.Manifest = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
EXECUTOR: model.Manifest = {**MAIN, "runAsUser": EXECUTOR_USER}
POOL = 5  # connections of the controller, and of the server
CONTROLLER, SERVER = "workflow-controller", "argo-server"  # upstream's Deployments
# The controller gives this label to the pods of all runs, also of those that a person or Kubeflow Pipelines has made
# (`LabelKeyWorkflow` in Argo's workflow/common/common.go).
RUN = "workflows.argoproj.io/workflow"
ACCOUNTS = {CONTROLLER: "argo", SERVER: "argo-server"}  # the ServiceAccounts of their pods
UI_PORT = 2746
PLAIN = {"ARGO_SECURE": "false"}  # the gateway has the certificate
SIGN_ON = {"ARGO_AUTH_MODE": "sso"}  # an argument `--auth-mode` outweighs it
# Only the controller has metrics, over TLS with a self-signed certificate.
METRICS = model.Metrics(
    pods=model.OperatorPods("controller", {"app": CONTROLLER}), port=9090, tls=True
)


def prerequisite(
    me: model.Instance[Any], store: s3.Endpoint, archive: postgresql.Endpoint | None,
    member: mesh.Endpoint | None, entrance: gateway.Endpoint | None, login: oidc.Endpoint | None,
) -> model.Prerequisite:  # fmt: skip
    settings = {**_pods(me, store), "artifactRepository": workflows.repository(store)}
    if archive is not None:
        settings["persistence"] = _persistence(archive, me.spec.archive_ttl)
    if login is not None and entrance is not None:
        settings["sso"] = sign_on.settings(me, login, entrance)
    objects = [_config(me.namespace, settings)]
    variables = {**(PLAIN if entrance else {}), **(SIGN_ON if "sso" in settings else {})}
    for name, labelled in labels(store, archive, login).items():
        objects.append(_deployment(me.namespace, name, labelled, variables))
    if entrance is not None:
        objects.append(_service(me.namespace))
    if member is not None:
        objects.append(member.joined(me.namespace))
    return model.Prerequisite(
        name=me.name,
        system="Argo Workflows",
        version=me.spec.release,
        running=model.Running(CONTROLLER, me.namespace, CONTROLLER),
        # The controller starts the pods that write artefacts. Each label is of the release's install.yaml.
        clients=(
            model.Client(CONTROLLER, me.namespace, {"app": CONTROLLER}, run_label=RUN),
            model.Client(SERVER, me.namespace, {"app": SERVER}),
        ),
        namespaces=(me.namespace,),
        how=(
            f"kubectl create namespace {me.namespace}",
            # Its CRDs are larger than the annotation of a client-side apply may be.
            f"kubectl apply --server-side --namespace {me.namespace} -f {RELEASES}/v{me.spec.release}/"
            "install.yaml",
        ),
        objects=tuple(objects),
    )


def archivists(me: model.Instance[Any]) -> tuple[str, ...]:
    """The workloads that must restart after a change of the archive's password."""
    return tuple(f"deployment/{name} -n {me.namespace}" for name in (CONTROLLER, SERVER))


def labels(
    store: s3.Endpoint, archive: postgresql.Endpoint | None, login: oidc.Endpoint | None
) -> dict[str, dict[str, str]]:
    """Labels that give upstream's Deployments access to providers; a patch adds them.

    Both Deployments read the archive; the server also fetches artefacts and logs for its UI, and
    asks the identity provider.
    """
    archived = {archive.binding.label: "true"} if archive else {}
    signing_on = {login.binding.label: "true"} if login else {}
    server = {**archived, **signing_on, store.binding.label: "true"}
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
    namespace: str, name: str, labelled: dict[str, str], variables: dict[str, str]
) -> model.Manifest:
    """Labels of a Deployment; the server has a host, and its variables, behind a gateway alone."""
    template: model.Manifest = {"metadata": {"labels": labelled}}
    if variables and name == SERVER:
        template["spec"] = {"containers": [_plain_server(variables)]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"template": template},
    }


def _plain_server(variables: dict[str, str]) -> model.Manifest:
    return {
        "name": SERVER,
        "env": [{"name": name, "value": value} for name, value in variables.items()],
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


def executor(release: str) -> tuple[model.Injected, ...]:
    """The containers that the controller adds to the pods of runs, as its ConfigMap secures them."""
    table = model.injected(dirname(__file__), "Argo Workflows", release)
    return tuple(container.secured(EXECUTOR) for container in table)


def run_labels(me: model.Instance[Any], store: s3.Endpoint) -> dict[str, str]:
    """The labels of every run's pods: their controller, and write access to artefacts."""
    return {workflows.label(me): "true", store.binding.label: "true"}


def _pods(me: model.Instance[Any], store: s3.Endpoint) -> dict[str, Any]:
    """Settings for runs that people write themselves: labels of the platform, and `restricted` pods."""
    amounts = {"cpu": "100m", "memory": "64Mi"}
    limits = {"cpu": "500m", "memory": "512Mi"}
    return {
        "executor": {
            "image": f"quay.io/argoproj/argoexec:v{me.spec.release}-nonroot",
            "resources": {"requests": amounts, "limits": limits},
            "securityContext": EXECUTOR,
        },
        "mainContainer": {"securityContext": MAIN},
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
