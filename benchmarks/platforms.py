"""Platforms of any size: a fixed set of components, any number of models and environments."""

from __future__ import annotations

from typing import Any

from compiler.kube import yaml

Spec = dict[str, Any]


def platform(models: int, environments: int) -> Spec:
    """A spec whose environments each override a little, as real ones do."""
    return {
        "apiVersion": "platformc/v1alpha1",
        "kind": "Platform",
        "metadata": {"name": "benchmark"},
        "spec": {
            "domain": "ml.example.internal",
            "rendered": True,
            "components": {
                "seaweedfs": {"storage": "500Gi"},
                "postgres": {"storage": "100Gi", "maxConnections": 400},
                "pgbouncer": {"replicas": 2},
                "mlflow": {"replicas": 2},
                "istio": {"mtls": "strict"},
                "knative": {},
                "kserve": {"mode": "serverless"},
            },
            "models": {f"model-{index:05}": _model(index) for index in range(models)},
            "environments": {f"env-{index:02}": _override(index) for index in range(environments)},
        },
    }


def _model(index: int) -> Spec:
    return {
        "format": "xgboost",  # one for all: a peer's template would not know other runtimes
        "uri": f"s3://models/model-{index:05}/v{index % 7}",
        "minReplicas": index % 3,
        "maxReplicas": 3 + index % 5,
    }


def _override(index: int) -> Spec:
    return {"components": {"mlflow": {"replicas": 1 + index % 3}}}


def text(spec: Spec) -> str:
    return yaml.dump(spec)
