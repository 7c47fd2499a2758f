"""The InferenceService of KServe's API, by its release 0.20."""

from __future__ import annotations

from collections.abc import Iterator

from compiler import model
from compiler.components.kserve import own_server
from compiler.model.effects import always

# KServe 0.20 still reads the older words Serverless and RawDeployment, but refuses them later on.
MODES = {"serverless": "Knative", "standard": "Standard"}
MODE = "serving.kserve.io/deploymentMode"
_PREDICTOR = ("spec", "predictor")
_SCALING = "spec/.*/(minReplicas|maxReplicas|scaleTarget|scaleMetric|containerConcurrency)"


def pods(manifest: model.Manifest) -> Iterator[model.Manifest]:
    """The pods of each component, in which the server of a runtime has a fixed name."""
    for component in manifest.get("spec", {}).values():
        servers = [{"name": own_server.NAME, **component["model"]}] if "model" in component else []
        yield {**component, "containers": [*servers, *component.get("containers", ())]}
        if workers := component.get("workerSpec"):  # the further pods of a server on several nodes
            yield {**workers, "containers": workers.get("containers", ())}


def services(manifest: model.Manifest) -> list[str]:
    """The Services of the components, and in Knative mode the one of the whole model (0.20, constants.go,
    ingress_reconciler.go).
    """
    metadata, spec = manifest["metadata"], manifest.get("spec", {})
    name = metadata["name"]
    is_serverless = (metadata.get("annotations") or {}).get(MODE) == MODES["serverless"]
    return [*([name] if is_serverless else ()), *[f"{name}-{component}" for component in spec]]


def _is_standard(change: model.FieldChange, before: model.Manifest, after: model.Manifest) -> bool:
    """Whether plain Deployments serve a model, before and after a change."""
    modes = {
        (manifest["metadata"].get("annotations") or {}).get(MODE) for manifest in (before, after)
    }
    return modes == {MODES["standard"]}


# Facts about KServe 0.20: its webhook refuses another deployment mode (validateDeploymentMode of
# pkg/apis/serving/v1beta1/inference_service_validation.go). In Knative mode it writes the bounds and the
# target of the autoscaler into the template of the revision, as annotations (ksvc_reconciler.go); in
# standard mode into a HorizontalPodAutoscaler alone. It copies labels and annotations to the pods
# (components/predictor.go).
INFERENCE_SERVICE = model.CustomResource(
    api="serving.kserve.io/v1beta1",
    kind="InferenceService",
    pods=model.OperatorWorkload(
        ("metadata", "labels"),
        "serving.kserve.io/inferenceservice",
        (*_PREDICTOR, "serviceAccountName"),
        pods,
    ),
    services=services,
    ready="condition=Ready",
    replicas="minReplicas",
    scales_to_zero=(*_PREDICTOR, "minReplicas"),
    deployments=".+-predictor-[0-9]+-deployment",  # Knative names them
    canary=(*_PREDICTOR, "canaryTrafficPercent"),
    restarts_by_deletion=True,  # KServe and Knative write the workloads of its pods
    webhook_refuses=((f"metadata/annotations/{MODE.replace('/', '~1')}", always),),
    effects=(
        model.Effect("metadata/annotations.*", model.Risk.DOWNTIME,
                     "KServe refuses another deployment mode: the model must be deleted and made anew",
                     "kubectl delete {object}, then apply",
                     lambda change, *_: "deploymentMode" in f"{change.path}{change.after}"),
        model.Effect("metadata/(labels|annotations)(/.*)?", model.Risk.RESTART,
                     "KServe copies it to the pods: new ones take over"),
        model.Effect("spec/.*/canaryTrafficPercent", model.Risk.RELOAD, "the route changes"),
        model.Effect(_SCALING, model.Risk.RELOAD, "the autoscaler changes", when=_is_standard),
        model.Effect(_SCALING, model.Risk.RESTART,
                     "Knative's autoscaler reads it of the revision: a new one takes over"),
        model.Effect("spec(/.*)?", model.Risk.RESTART, "a new revision takes over"),
    ),
)  # fmt: skip
