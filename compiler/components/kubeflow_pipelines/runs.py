"""Write the objects that the pods of runs need in their namespace, and the patch of their workflows.

Argo creates these pods from workflows that the API server compiles. So a patch of every workflow's
spec adds their labels and the environment of their steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from json import dumps
from os.path import dirname
from typing import Any

from compiler import kube, model
from compiler.components.kubeflow_pipelines import metadata, rights
from compiler.interfaces import s3, workflows
from compiler.kube import yaml
from compiler.spec.image import split_image

USER = 1000  # for a step whose image has no user
PORTS = (8887, 8888)  # the ports of the API server: gRPC and HTTP
# A step may write to its image's files, and nothing else that `restricted` forbids.
STEP = {**kube.LOCKED, "readOnlyRootFilesystem": False}
# The only entry of upstream's own list (argocompiler/common.go), which the patch replaces.
METADATA = {"configMapRef": {"name": metadata.CONFIG_MAP, "optional": True}}


def account(me: model.Instance[Any]) -> str:
    return f"{me.name}-runs"


def lower(
    me: model.Instance[Any], argo: workflows.Endpoint, store: s3.Endpoint, steps: kube.Client
) -> Iterator[model.Piece]:
    yield from steps.configs
    yield from steps.handed
    yield _config_map(me, variables(me), {**_plain(me, steps), **_trust(store)})
    yield _launcher(me, store)
    yield workflows.artifact_repositories(me, me.namespace, store)
    yield from kube.authorities.secret(me, me.namespace, store)
    account_manifest = kube.service_account(
        account(me), me.namespace, me.settings.registry.pull_secrets
    )
    yield model.Resource({**account_manifest, "automountServiceAccountToken": True})
    yield from kube.role(account(me), me.namespace, rights.of("runs", (store.secret,)))
    for endpoint in steps.endpoints:
        yield from endpoint.credentials(me.namespace)  # only the patch names these Secrets
    yield model.OperatorPods(
        "runs",
        labels(me, argo, store, steps),
        account=account(me),
        injected=(*argo.offer.injected, *_added(me)),
        security=dict(kube.UNPRIVILEGED),  # of each workflow (argocompiler/argo.go)
    )
    yield model.InternalTraffic("runs", "api", PORTS)
    yield model.InternalTraffic("runs", "metadata", (metadata.GRPC,))


def _added(me: model.Instance[Any]) -> tuple[model.Injected, ...]:
    """The containers that the API server writes into the pods of a run next to a step's own."""
    _, release, _ = split_image(me.spec.launcher_image)
    return model.injected(dirname(__file__), "Kubeflow Pipelines", release)


def labels(
    me: model.Instance[Any], argo: workflows.Endpoint, store: s3.Endpoint, steps: kube.Client
) -> dict[str, str]:
    """The labels of runs' pods: instance, controller, and the offers that they use."""
    return kube.pod_labels(me, "runs", (argo, store, *steps.endpoints))


def patch(
    me: model.Instance[Any], argo: workflows.Endpoint, store: s3.Endpoint, steps: kube.Client
) -> str:
    """The patch of every compiled workflow: labels for the network, and the steps' environment."""
    main: model.Manifest = {
        "name": "main",
        "envFrom": [METADATA, {"configMapRef": {"name": variables(me)}}],
        "securityContext": STEP,
    }
    pod: model.Manifest = {"enableServiceLinks": False, "containers": [main]}
    rest = [variable for variable in steps.env if variable.name not in steps.plain]
    if rest:
        main["env"] = [variable.manifest() for variable in rest]
    if steps.volumes:
        main["volumeMounts"] = [volume.mount() for volume in steps.volumes]
        pod["volumes"] = [{"name": volume.name, **volume.source} for volume in steps.volumes]
    spec = {
        "podMetadata": {"labels": labels(me, argo, store, steps)},
        "podSpecPatch": dumps(pod, sort_keys=True),
    }
    # The patch is in a variable, where the kubelet would expand a step's `$(NAME)` itself.
    return dumps(spec, sort_keys=True).replace("$(", "$$(")


def variables(me: model.Instance[Any]) -> str:
    """The ConfigMap with the steps' plain variables, which change without a restart of the API server."""
    return f"{me.name}-steps"


def _plain(me: model.Instance[Any], steps: kube.Client) -> dict[str, str]:
    """Plain variables of steps: a user name for images without one, and `uses`. The home is the
    image's.
    """
    person = {
        variable.name: str(variable.value)
        for variable in kube.user_env(me.name)
        if variable.name != "HOME"
    }
    return {**person, **steps.plain}


def _trust(store: s3.Endpoint) -> dict[str, str]:
    """The authority for the launcher and the driver, whose S3 client is AWS' own (object_store.go)."""
    return {variable.name: str(variable.value) for variable in store.trust()}


def _config_map(me: model.Instance[Any], name: str, data: dict[str, str]) -> model.Resource:
    return model.Resource(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": me.namespace},
            "data": dict(sorted(data.items())),
        }
    )


def _launcher(me: model.Instance[Any], store: s3.Endpoint) -> model.Resource:
    """The store for launchers: the fourth of the five places, read in the namespace of each run."""
    credentials = {
        "fromEnv": False,
        "secretRef": {
            "secretName": store.secret,
            "accessKeyKey": store.secret_key(s3.ACCESS_KEY).key,
            "secretKeyKey": store.secret_key(s3.SECRET_KEY).key,
        },
    }
    default = {
        "endpoint": store.address,
        "disableSSL": not store.secure,
        "region": store.region,
        "forcePathStyle": True,
        "credentials": credentials,
    }
    data = {
        "defaultPipelineRoot": f"{store.root}/v2/artifacts",
        "providers": yaml.dump({"s3": {"default": default}}),
    }
    return _config_map(me, "kfp-launcher", data)
