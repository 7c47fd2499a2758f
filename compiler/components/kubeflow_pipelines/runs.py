"""Runs: what the pods of pipelines find in their namespace, and what is patched into them.

Argo makes these pods of workflows that the API server compiles, so their labels and the environment
of their steps go in as a patch of every workflow's spec.
"""

from __future__ import annotations

from collections.abc import Iterator
from json import dumps
from typing import Any

from compiler import kube, model
from compiler.components.kubeflow_pipelines import metadata, rights
from compiler.interfaces import s3, workflows
from compiler.kube import yaml

USER = 1000  # of a step whose image names none
PORTS = (8887, 8888)  # of the API server: gRPC and HTTP
# A step may write to its image's files, and nothing else that `restricted` forbids.
STEP = {**kube.LOCKED, "readOnlyRootFilesystem": False}


def account(me: model.Instance[Any]) -> str:
    return f"{me.name}-runs"


def lower(
    me: model.Instance[Any], argo: workflows.Endpoint, store: s3.Endpoint, steps: kube.Client
) -> Iterator[model.Piece]:
    yield from steps.configs
    yield _config_map(me, variables(me), _plain(me, steps))
    yield _launcher(me, store)
    yield workflows.artifact_repositories(me, me.namespace, store)
    made = kube.service_account(account(me), me.namespace, me.settings.registry.pull_secrets)
    yield model.Resource({**made, "automountServiceAccountToken": True})
    yield from kube.role(account(me), me.namespace, rights.of("runs", (store.secret,)))
    for one in steps.endpoints:
        yield from one.credentials(me.namespace)  # which the patch names, and no object
    yield model.OperatorPods("runs", labels(me, argo, store, steps), account=account(me))
    yield model.InternalTraffic("runs", "api", PORTS)
    yield model.InternalTraffic("runs", "metadata", (metadata.GRPC,))


def labels(
    me: model.Instance[Any], argo: workflows.Endpoint, store: s3.Endpoint, steps: kube.Client
) -> dict[str, str]:
    """The labels of runs' pods: whose they are, who makes them, what they reach."""
    return kube.pod_labels(me, "runs", (argo, store, *steps.endpoints))


def patch(
    me: model.Instance[Any], argo: workflows.Endpoint, store: s3.Endpoint, steps: kube.Client
) -> str:
    """What every compiled workflow gets: labels for the network, and the steps' environment."""
    main: model.Manifest = {
        "name": "main",
        "envFrom": [{"configMapRef": {"name": variables(me)}}],
        "securityContext": STEP,
    }
    pod: model.Manifest = {"enableServiceLinks": False, "containers": [main]}
    rest = [one for one in steps.env if one.name not in steps.plain]
    if rest:
        main["env"] = [one.manifest() for one in rest]
    if steps.volumes:
        main["volumeMounts"] = [volume.mount() for volume in steps.volumes]
        pod["volumes"] = [{"name": one.name, **one.source} for one in steps.volumes]
    spec = {
        "podMetadata": {"labels": labels(me, argo, store, steps)},
        "podSpecPatch": dumps(pod, sort_keys=True),
    }
    # It travels in a variable, where the kubelet would take a step's `$(NAME)` for one of its own.
    return dumps(spec, sort_keys=True).replace("$(", "$$(")


def variables(me: model.Instance[Any]) -> str:
    """The ConfigMap with the steps' plain variables: they change without a new API server."""
    return f"{me.name}-steps"


def _plain(me: model.Instance[Any], steps: kube.Client) -> dict[str, str]:
    """Who a step is, where its image names no user, and what it uses; its home is its image's."""
    person = {one.name: str(one.value) for one in kube.user_env(me.name) if one.name != "HOME"}
    return {**person, **steps.plain}


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
    """Where launchers put artefacts: the fourth place, read in the namespace of each run."""
    credentials = {
        "fromEnv": False,
        "secretRef": {
            "secretName": store.secret,
            "accessKeyKey": s3.ACCESS_KEY,
            "secretKeyKey": s3.SECRET_KEY,
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
