"""The SeldonDeployment of one model: a predictor for each version that gets requests."""

from __future__ import annotations

from collections.abc import Iterator
from os.path import dirname

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
# The container that reads a TensorFlow model: `classifier` is a proxy of Seldon's before it
# (seldondeployment_prepackaged_servers.go, addTFServerContainer).
TENSORFLOW_CONTAINER = "tfserving"
FILES = "/mnt/models"
USER = 8888  # the user of Seldon's own images
GIBI = 2**30
_POD = ("spec", "predictors", 0, "componentSpecs", 0)
VERSION = "1.17.1"


def pods(manifest: model.Manifest) -> Iterator[model.Manifest]:
    """The pod of each predictor; a patch may remove each of the fields."""
    for predictor in manifest.get("spec", {}).get("predictors", ()):
        for component in predictor.get("componentSpecs", ()):
            yield component.get("spec", {})


def services(manifest: model.Manifest) -> Iterator[str]:
    """The Services of the predictors, and of their containers (1.17.1, seldondeployment_types.go)."""
    name = manifest["metadata"]["name"]
    for predictor in manifest.get("spec", {}).get("predictors", ()):
        if "name" in predictor:
            yield f"{name}-{predictor['name']}"
            yield f"{name}-{predictor['name']}-{CONTAINER}"


SELDON_DEPLOYMENT = model.CustomResource(
    api="machinelearning.seldon.io/v1",
    kind="SeldonDeployment",
    pods=model.OperatorWorkload(
        (*_POD, "metadata", "labels"),
        "seldon-deployment-id",
        (*_POD, "spec", "serviceAccountName"),
        pods,
    ),
    services=services,
)


def deployment(
    me: model.Instance[ModelSpec], surroundings: serving.Surroundings, image: str, release: str
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
    engine = model.injected(dirname(__file__), "Seldon Core", release)
    return model.Resource.of(SELDON_DEPLOYMENT, metadata, spec, step=1, injected=engine)


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
    labels = {**kube.selector(me, serving.MODEL), **surroundings.client_labels}
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
    volumes = [{"name": volume.name, **volume.source} for volume in client.volumes]
    models = {"name": _volume(spec), "emptyDir": {"sizeLimit": _room(spec)}}
    initializer = _initializer(spec, surroundings.stores[0], image, uri)
    return {
        "initContainers": [kube.pulled(initializer, me.settings.registry.pull_policy)],
        "containers": [*_proxy(spec), _server(spec, client)],
        "volumes": [models, *volumes],
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {**kube.UNPRIVILEGED, "fsGroup": USER, "runAsUser": USER},
        "serviceAccountName": surroundings.account,
        **kube.scheduling(spec),
        **kube.pull_secrets(me),
    }


def _reader(spec: ModelSpec) -> str:
    """The name that Seldon expects of the container that reads the model."""
    return TENSORFLOW_CONTAINER if spec.format == "tensorflow" else CONTAINER


def _volume(spec: ModelSpec) -> str:
    """Seldon's name of the volume with the model, which it mounts into the container that reads it."""
    return f"{_reader(spec)}-provision-location"


def _proxy(spec: ModelSpec) -> Iterator[model.Manifest]:
    """Seldon's proxy before TensorFlow's server."""
    if _reader(spec) != CONTAINER:
        compute = kube.resources(
            model.Resources(), cpu="100m", memory="256Mi", cpu_limit="1", memory_limit="512Mi"
        )
        yield {"name": CONTAINER, "resources": compute, "securityContext": _confined()}


def _server(spec: ModelSpec, client: kube.Client) -> model.Manifest:
    """The container that reads the model. Seldon adds its image, arguments and ports."""
    server: model.Manifest = {"name": _reader(spec)}
    env = [variable.manifest() for variable in (*client.env, *kube.own_env(spec))]
    if env:
        server["env"] = env
    server["resources"] = _compute(spec)
    server["securityContext"] = _confined()
    if client.volumes:
        server["volumeMounts"] = [volume.mount() for volume in client.volumes]
    return server


def _initializer(spec: ModelSpec, store: s3.Endpoint, image: str, uri: str) -> model.Manifest:
    """rclone, with the store in variables; Seldon adds no initializer if one of this name exists."""
    container = kube.Container(
        f"{_reader(spec)}-model-initializer",
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
    return container.manifest([kube.Volume(_volume(spec), {}, FILES)])


def _compute(spec: ModelSpec) -> model.Manifest:
    size = quantity.in_bytes(spec.size) if spec.size else 0
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
    return quantity.binary(max(2 * GIBI, quantity.in_bytes(spec.size) + GIBI if spec.size else 0))


def _confined() -> model.Manifest:
    return {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
