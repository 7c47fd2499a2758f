"""The SeldonDeployment of one model: a predictor for each version that gets requests."""

from __future__ import annotations

from collections.abc import Iterator

from compiler import kube, model
from compiler.interfaces import s3, serving
from compiler.model import Env
from compiler.spec import quantity
from compiler.spec.served_model import ModelSpec

# Formats, by the server of Seldon Core 1.17.1 that reads them.
SERVERS = {
    "huggingface": "HUGGINGFACE_SERVER",
    "mlflow": "MLFLOW_SERVER",
    "sklearn": "SKLEARN_SERVER",
    "tensorflow": "TENSORFLOW_SERVER",
    "triton": "TRITON_SERVER",
    "xgboost": "XGBOOST_SERVER",
}
# Servers that speak the second inference protocol alone.
SECOND = ("huggingface", "triton")
CONTAINER = "classifier"
VOLUME, FILES = f"{CONTAINER}-provision-location", "/mnt/models"
USER = 8888  # of Seldon's own images
GIBI = 2**30
_POD = ("spec", "predictors", 0, "componentSpecs", 0)
SELDON_DEPLOYMENT = model.CustomResource(
    api="machinelearning.seldon.io/v1",
    kind="SeldonDeployment",
    pods=model.OperatorWorkload(
        (*_POD, "metadata", "labels"), "seldon-deployment-id", (*_POD, "spec", "serviceAccountName")
    ),
)


def deployment(
    me: model.Instance[ModelSpec], surroundings: serving.Surroundings, image: str
) -> model.Resource:
    """The SeldonDeployment, one step after the objects that its namespace's models share."""
    spec: model.Manifest = {
        "predictors": [
            _predictor(me, surroundings, image, name, uri, share)
            for name, uri, share in versions(me.spec)
        ]
    }
    if me.spec.format in SECOND:
        spec["protocol"] = "v2"
    metadata = {
        "name": me.name,
        "namespace": me.namespace,
        "annotations": {serving.EXEMPT: "servers write beside their programs"},
    }
    return model.Resource.of(SELDON_DEPLOYMENT, metadata, spec, step=1)


def versions(spec: ModelSpec) -> Iterator[tuple[str, str, int]]:
    """Each version that gets requests: its name, URI and percentage."""
    canary = spec.canary
    if canary is None or canary.previous is None:
        yield "default", spec.uri, 100
    else:
        yield "default", canary.previous, 100 - canary.percent
        yield "canary", spec.uri, canary.percent


def _predictor(
    me: model.Instance[ModelSpec], surroundings: serving.Surroundings, image: str, name: str, uri: str,
    share: int,
) -> model.Manifest:  # fmt: skip
    spec = me.spec
    used = {
        endpoint.binding.label
        for endpoint in (*surroundings.stores, *surroundings.client.endpoints)
    }
    labels = {**kube.selector(me, serving.MODEL), **dict.fromkeys(sorted(used), "true")}
    return {
        "name": name,
        "componentSpecs": [
            {"metadata": {"labels": labels}, "spec": _pod(me, surroundings, image, uri)}
        ],
        "graph": {
            "name": CONTAINER,
            "implementation": SERVERS[spec.format],
            "modelUri": uri,
            "type": "MODEL",
        },
        "replicas": spec.min_replicas or 1,
        "traffic": share,
    }


def _pod(
    me: model.Instance[ModelSpec], surroundings: serving.Surroundings, image: str, uri: str
) -> model.Manifest:
    spec, client = me.spec, surroundings.client
    server: model.Manifest = {"name": CONTAINER}
    env = [variable.manifest() for variable in (*client.env, *kube.own_env(spec))]
    if env:
        server["env"] = env
    server["resources"] = _compute(spec)
    server["securityContext"] = _confined()
    if client.volumes:
        server["volumeMounts"] = [volume.mount() for volume in client.volumes]
    volumes = [{"name": volume.name, **volume.source} for volume in client.volumes]
    return {
        "initContainers": [_initializer(spec, surroundings.stores[0], image, uri)],
        "containers": [server],
        "volumes": [{"name": VOLUME, "emptyDir": {"sizeLimit": _room(spec)}}, *volumes],
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {**kube.UNPRIVILEGED, "fsGroup": USER, "runAsUser": USER},
        "serviceAccountName": surroundings.account,
        **kube.scheduling(spec),
        **kube.pull_secrets(me),
    }


def _initializer(spec: ModelSpec, store: s3.Endpoint, image: str, uri: str) -> model.Manifest:
    """rclone, with the store in variables; Seldon adds no initializer if one of this name exists."""
    container = kube.Container(
        f"{CONTAINER}-model-initializer",
        image,
        kube.resources(
            model.Resources(), cpu="100m", memory="128Mi", cpu_limit="1", memory_limit="1Gi",
            disk=_room(spec), disk_limit=_room(spec),
        ),
        args=[uri, FILES],
        env=[
            *store.env()[:2],
            Env("RCLONE_CONFIG_S3_TYPE", "s3"),
            Env("RCLONE_CONFIG_S3_PROVIDER", "Other"),
            Env("RCLONE_CONFIG_S3_ENV_AUTH", "true"),
            Env("RCLONE_CONFIG_S3_ENDPOINT", store.url),
            Env("RCLONE_CONFIG_S3_REGION", store.region),
            Env("RCLONE_CONFIG_S3_FORCE_PATH_STYLE", store.path_style),
        ],
    )  # fmt: skip
    return container.manifest([kube.Volume(VOLUME, {}, FILES)])


def _compute(spec: ModelSpec) -> model.Manifest:
    size = quantity.whole(spec.size) if spec.size else 0
    memory = quantity.binary(max(2 * GIBI, size + GIBI))
    return kube.resources(
        spec.resources,
        cpu="500m",
        memory=memory,
        cpu_limit="2",
        memory_limit=memory,
        gpus=spec.gpus,
    )


def _room(spec: ModelSpec) -> str:
    return quantity.binary(max(2 * GIBI, quantity.whole(spec.size) + GIBI if spec.size else 0))


def _confined() -> model.Manifest:
    return {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
