"""The InferenceService of one model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from compiler import kube, model
from compiler.components.kserve import added, agent, grace, own_server, placeholders, transformer
from compiler.components.kserve.arguments import arguments
from compiler.components.kserve.compute import CONFINED, compute
from compiler.components.kserve.kinds import INFERENCE_SERVICE, MODE, MODES, pods
from compiler.components.kserve.runtimes import VLLM, Runtime
from compiler.interfaces import serving
from compiler.model import Env
from compiler.spec import quantity
from compiler.spec.duration import seconds
from compiler.spec.served_model import ModelSpec

# The platform's route is the only way in: Knative would route another host from the same gateway too,
# by plain HTTP and without the platform's certificate. KServe obeys the label too.
INSIDE = {"networking.knative.dev/visibility": "cluster-local"}
PROGRESS_DEADLINE = "serving.knative.dev/progress-deadline"
# KServe knows these resources as GPUs (0.20, constants.go).
KNOWN_GPUS = ("nvidia.com/gpu", "amd.com/gpu", "intel.com/gpu", "habana.ai/gaudi")
# Pods that fetch their model from the Hugging Face Hub, which may be at any address.
FROM_HUB = model.OperatorPods(
    "from-hub", {**serving.pods().labels, f"egress.{model.PREFIX}/hugging-face": "true"}
)
START = 600  # seconds that Knative gives a revision without it (serving 0.48, config-deployment)


class Additions(NamedTuple):
    """The releases and settings that decide which containers upstream adds to a model's pods."""

    release: str  # KServe's
    of_knative: tuple[model.Injected, ...]  # the containers of Knative; empty in standard mode


def inference_service(
    me: model.Instance[ModelSpec], surroundings: serving.Surroundings, mode: str,
    runtime: Runtime | None, replicas: int, additions: Additions,
) -> model.Resource:  # fmt: skip
    """The InferenceService, one step after the objects that its namespace's models share.

    KServe's runtime is the server; without a runtime, the user's image is.
    """
    protocol = me.spec.protocol or (runtime.protocol if runtime else "")
    components = {
        "predictor": _predictor(me, surroundings, runtime, replicas),
        **transformer.fields(me, surroundings, protocol, replicas),
    }
    (server_container, *_), *_ = (pod["containers"] for pod in pods({"spec": components}))
    return model.Resource.of(
        INFERENCE_SERVICE,
        _metadata(me, surroundings, mode),
        components,
        step=1,
        injected=_added(me.spec, additions, server_container),
    )


def _predictor(
    me: model.Instance[ModelSpec], surroundings: serving.Surroundings,
    runtime: Runtime | None, replicas: int,
) -> model.Manifest:  # fmt: skip
    """The component with the model's server."""
    spec, policy = me.spec, me.settings.registry.pull_policy
    server = (
        {"containers": [kube.pulled(own_server.container(me, surroundings), policy)]}
        if runtime is None
        else {"model": _model(spec, surroundings, runtime)}
    )
    predictor: model.Manifest = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "minReplicas": replicas,
        **server,
        # Istio's containers set no profile, and Knative takes no other field of a pod's security context.
        "securityContext": {"seccompProfile": kube.UNPRIVILEGED["seccompProfile"]},
        "serviceAccountName": surroundings.account,
        **_limits(spec),
        **grace.fields(spec, surroundings),
        **agent.fields(spec, surroundings.sink),
        **kube.scheduling(spec),
        **kube.pull_secrets(me),
    }
    if surroundings.client.volumes:
        predictor["volumes"] = [
            {"name": volume.name, **volume.source} for volume in surroundings.client.volumes
        ]
    if spec.transformer is not None:
        predictor["labels"] = _provider_labels(spec, surroundings)
    return predictor


def _metadata(
    me: model.Instance[ModelSpec], surroundings: serving.Surroundings, mode: str
) -> model.Manifest:
    """Name, annotations and labels; labels of the InferenceService are on the pods of all components."""
    labels = dict(serving.pods().labels)
    if me.spec.transformer is None:
        labels |= _provider_labels(me.spec, surroundings)
    if mode == "serverless":
        labels |= INSIDE
    return {
        "name": me.name,
        "namespace": me.namespace,
        "annotations": {
            serving.EXEMPT: "serving runtimes write beside their programs",
            MODE: MODES[mode],
            **_deadline(me.spec, mode),
            **_gpu_types(me.spec),
            **_token(me.spec),
            **surroundings.in_mesh,
        },
        "labels": labels,
    }


def _provider_labels(spec: ModelSpec, surroundings: serving.Surroundings) -> dict[str, str]:
    """The labels by which the predictor's pods reach their providers."""
    from_hub = FROM_HUB.labels if spec.uri.startswith("hf://") else {}
    return {**surroundings.client_labels, **from_hub}


def component_pods(
    me: model.Instance[ModelSpec], surroundings: serving.Surroundings
) -> Iterator[model.OperatorPods]:
    """The pods of both components of a model with a transformer: the labels differ."""
    client = surroundings.transformer
    if client is None:
        return
    model_labels = {**serving.pods().labels, **_provider_labels(me.spec, surroundings)}
    for role, labels in (
        (serving.MODEL, model_labels),
        (transformer.PODS.role, transformer.labels(client)),
    ):
        yield model.OperatorPods(role, labels, account=surroundings.account)


def _added(
    spec: ModelSpec, additions: Additions, server_container: model.Manifest
) -> tuple[model.Injected, ...]:
    """The containers that KServe and Knative add; models in claims and images need no download."""
    downloaded = spec.image is None and not spec.uri.startswith(("oci://", "pvc://"))
    return (
        *([added.storage_initializer(additions.release)] if downloaded else ()),
        *([added.agent(additions.release, server_container)] if spec.is_intercepted else ()),
        *additions.of_knative,
    )


def _deadline(spec: ModelSpec, mode: str) -> dict[str, str]:
    """The startup deadline: Knative ends a revision that is not ready in time, even during a
    download. KServe copies the annotation to the revision.
    """
    if mode != "serverless" or not spec.size or quantity.in_bytes(spec.size) < serving.HEAVY:
        return {}
    download = -(-quantity.in_bytes(spec.size) * 8 // serving.GIGABIT)
    return {PROGRESS_DEADLINE: f"{START + 2 * download}s"}


def _gpu_types(spec: ModelSpec) -> dict[str, str]:
    """The annotation by which KServe recognises a GPU resource that is not in its list."""
    gpus = spec.gpus
    if gpus is None or gpus.resource in KNOWN_GPUS:
        return {}
    return {"serving.kserve.io/gpu-resource-types": json.dumps([gpus.resource])}


def _token(spec: ModelSpec) -> dict[str, str]:
    """The annotation by which KServe fetches a model with its token of the Hub, and with no other Secret.

    Of several tokens that an account brings, every fetch would get the last (0.20,
    service_account_credentials.go and hf_secret.go).
    """
    token = serving.hub_token(spec)
    return {"serving.kserve.io/storageSecretName": token.secret} if token else {}


def _model(spec: ModelSpec, surroundings: serving.Surroundings, runtime: Runtime) -> model.Manifest:
    fields: model.Manifest = {"modelFormat": {"name": runtime.spelling(spec.format)}}
    if runtime.protocols:
        fields["protocolVersion"] = runtime.protocols[0]
    if args := arguments(spec, runtime):
        fields["args"] = args
    home = (variable for variable in _home(runtime) if variable.name not in spec.env)
    variables = (*home, *surroundings.client.env, *kube.own_env(spec))
    env = [placeholders.variable(variable) for variable in variables]
    if env:
        fields["env"] = env
    fields["resources"] = compute(spec.resources, spec.size, spec.gpus)
    fields["runtime"] = runtime.name
    fields["securityContext"] = {**kube.UNPRIVILEGED, **CONFINED}
    fields["storageUri"] = _stored(spec.uri)
    if surroundings.client.volumes:
        fields["volumeMounts"] = [volume.mount() for volume in surroundings.client.volumes]
    return fields


def _home(runtime: Runtime) -> Iterator[Env]:
    """A user name for vLLM, which reads it at import; its image has none for this user."""
    if runtime.name == VLLM:
        yield Env("HOME", kube.TMP)
        yield Env("USER", "vllm")


def _limits(spec: ModelSpec) -> model.Manifest:
    fields: model.Manifest = {}
    if spec.canary is not None:
        fields["canaryTrafficPercent"] = spec.canary.percent
    if spec.concurrency is not None:
        fields["containerConcurrency"] = spec.concurrency
    if spec.max_replicas is not None:
        fields["maxReplicas"] = spec.max_replicas
    if spec.timeout is not None:
        fields["timeout"] = seconds(spec.timeout)
    if spec.scaling is not None:
        fields["scaleMetric"] = spec.scaling.metric
        fields["scaleTarget"] = spec.scaling.target
    return fields


def _stored(uri: str) -> str:
    """The place of a model. Of an image, Kubernetes mounts the folder `/models` (1.35).

    KServe's other way, a container next to the server that shares its process namespace, has no
    security context that `restricted` admits (0.20, pkg/utils/storage.go).
    """
    return uri.replace("oci://", "oci+native://", 1) if uri.startswith("oci://") else uri
