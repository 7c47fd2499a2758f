"""KServe's runtime for a model on several nodes, which needs the further pods of `workerSpec`.

Facts are of KServe 0.20.0. Its server waits for two nodes of a Ray cluster before it loads the model
(kserve-huggingfaceserver-multinode.yaml, health_check.py). Only an InferenceService with `workerSpec` has a second
node, which Knative never starts (components/predictor.go). The webhook refuses `workerSpec` for a model that is not
in a claim, and next to an autoscaler (inference_service_validation.go).
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler import model
from compiler.components.kserve.runtimes import HUGGING_FACE, SEVERAL_NODES
from compiler.model import Problem
from compiler.spec.patch import Patch
from compiler.spec.served_model import ModelSpec

_WORKERS = "/spec/predictor/workerSpec"
_AUTOSCALER = "serving.kserve.io/autoscalerClass"


def problems(me: model.Instance[ModelSpec], mode: str) -> Iterator[Problem]:
    spec = me.spec
    if spec.runtime != SEVERAL_NODES:
        return
    if mode != "standard":
        reason = "which KServe starts in standard mode only"
    elif not any(_adds_workers(patch) for patch in spec.patches):
        reason = "and it has none: its server waits for them for ever"
    elif not spec.uri.startswith("pvc://"):
        reason = "and KServe accepts these only for a model in a volume claim (`pvc://`)"
    elif not any(_names_autoscaler(patch) for patch in spec.patches):
        reason = f"and KServe accepts these only with the annotation `{_AUTOSCALER}: none`"
    else:
        return
    yield Problem(
        "serving-mode",
        f"`{SEVERAL_NODES}` serves `{me.name}` with the further pods of `workerSpec`, {reason}",
        ("runtime",),
        f"write `runtime: {HUGGING_FACE}`, which serves it on one node",
    )


def _adds_workers(patch: Patch) -> bool:
    """Whether a patch adds the further pods, in parts or with the fields around them."""
    return any(
        operation.op in ("add", "replace")
        and (operation.path.startswith(_WORKERS) or _WORKERS.startswith(f"{operation.path}/"))
        for operation in patch.operations
    )


def _names_autoscaler(patch: Patch) -> bool:
    """Whether a patch writes the annotation about the autoscaler, alone or with others."""
    name = _AUTOSCALER.partition("/")[2]
    return any(name in f"{operation.path}{operation.value}" for operation in patch.operations)
