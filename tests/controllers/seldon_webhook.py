"""Seldon Core's validating webhook, as its source has it.

SeldonIO/seldon-core v1.17.1, operator/apis/machinelearning.seldon.io/v1/seldondeployment_webhook.go:
`ValidateSeldonDeployment`, `checkPredictiveUnits`, `checkTraffic`. Left out are the checks of fields that
the compiler never writes (shadows, explainers, Kafka, transports, children of a graph).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

PROTOCOLS = ("seldon", "tensorflow", "kfserving", "v2")
# The servers of the chart, and the protocols for which they have an image (helm-charts/
# seldon-core-operator/values.yaml, predictor_servers).
SERVERS = {
    "HUGGINGFACE_SERVER": {"v2"},
    "MLFLOW_SERVER": {"seldon", "v2"},
    "SKLEARN_SERVER": {"seldon", "v2"},
    "TENSORFLOW_SERVER": {"seldon", "tensorflow"},
    "TRITON_SERVER": {"v2"},
    "XGBOOST_SERVER": {"seldon", "v2"},
}
UNIT = "classifier"


def refusals(spec: dict[str, Any]) -> list[str]:
    """The reasons for which the webhook refuses a spec."""
    protocol = spec.get("protocol", "")
    reasons = [] if protocol in ("", *PROTOCOLS) else ["Invalid protocol"]
    predictors = spec.get("predictors", [])
    if not predictors:
        reasons.append("Graph contains no predictors")
    names = [predictor["name"] for predictor in predictors]
    if len(set(names)) < len(names):
        reasons.append("Duplicate predictor name")
    for predictor in predictors:
        reasons.extend(_of_graph(predictor["graph"], protocol or "seldon"))
    return [*reasons, *_of_traffic([predictor.get("traffic", 0) for predictor in predictors])]


def _of_graph(graph: dict[str, Any], protocol: str) -> Iterator[str]:
    implementation = graph.get("implementation", "")
    if implementation not in SERVERS:
        yield f"No entry in predictors map for {implementation}"
    elif not graph.get("modelUri") and implementation != "HUGGINGFACE_SERVER":
        yield "Predictive unit modelUri required when using standalone servers"
    elif protocol not in SERVERS[implementation]:
        # The webhook lets it pass, and the container has no image (prepack.go, PrepackImageName).
        yield f"No image of {implementation} for {protocol}"


def _of_traffic(shares: list[int]) -> Iterator[str]:
    if len(shares) > 1 and sum(shares) != 100:
        yield "Traffic must sum to 100 for multiple predictors"
    if len(shares) == 1 and 0 < sum(shares) < 100:
        yield "Traffic must sum be 100 for a single predictor when set"
