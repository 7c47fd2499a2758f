"""Platforms of any size: a fixed set of components, any number of models and environments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml as pyyaml

from compiler.kube import yaml

Spec = dict[str, Any]
# The platform.yaml of commit 813904f: figures of several versions are about the same platform.
REFERENCE = Path(__file__).with_name("reference.yaml")


def reference() -> Spec:
    """The platform that the README showed when it was first measured."""
    spec: Spec = pyyaml.safe_load(REFERENCE.read_bytes())
    return spec


def platform(models: int, environments: int) -> Spec:
    """A spec whose environments each override a little, as real ones do."""
    return {
        "apiVersion": "platformc/v1alpha1",
        "kind": "Platform",
        "metadata": {"name": "benchmark"},
        "spec": {
            "domain": "ml.example.internal",
            "namespace": "mlops",
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
            "models": {name(index): _model(index) for index in range(models)},
            "environments": {
                f"env-{index:02}": _overrides(index, models) for index in range(environments)
            },
        },
    }


def name(index: int) -> str:
    return f"model-{index:05}"


def _model(index: int) -> Spec:
    return {
        "format": "xgboost",
        "uri": f"s3://models/{name(index)}/v{index % 7}",
        "minReplicas": index % 3,
        "maxReplicas": 3 + index % 5,
    }


def _overrides(index: int, models: int) -> Spec:
    """Other sizes of some components, and of every twentieth model."""
    return {
        "components": {
            "postgres": {"storage": f"{20 + 10 * (index % 9)}Gi"},
            "mlflow": {"replicas": 1 + index % 3},
        },
        "models": {
            name(number): {"maxReplicas": 8 + index % 3} for number in range(index % 20, models, 20)
        },
    }


def merged(base: Any, override: Any) -> Any:
    """The effect of an environment's overrides on a spec: maps merge, null removes, all else wins."""
    if not isinstance(base, dict) or not isinstance(override, dict):
        return override
    changed = {key: merged(base.get(key), value) for key, value in override.items()}
    return {key: value for key, value in {**base, **changed}.items() if value is not None}


def text(spec: Spec) -> str:
    return yaml.dump(spec)
