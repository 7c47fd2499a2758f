"""A platform that tests of `diff` change, and the changes of its objects."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from compiler import pipeline
from compiler.diff import Change
from compiler.diff.compare import compare
from compiler.pipeline import Compilation

GONE = object()  # the value of a path that is removed
SPEC: dict[str, Any] = {
    "apiVersion": "platformc/v1alpha1",
    "kind": "Platform",
    "metadata": {"name": "changing"},
    "spec": {
        "components": {
            "minio": {"namespace": "storage", "replicas": 4, "storage": "100Gi"},
            "postgres": {"storage": "50Gi", "maxConnections": 300},
            "pgbouncer": {"replicas": 2},
            "mlflow": {"replicas": 2, "smoke": False},
        },
        "workloads": {
            "training": {
                "image": "registry.example.internal/training:1.4.0",
                "schedule": "0 2 * * *",
                "uses": ["mlflow"],
                "volumes": {"data": {"mountPath": "/data", "claim": "datasets"}},
            },
            "report": {"image": "registry.example.internal/report:2.0.1", "run": "once"},
        },
    },
}
Edits = Mapping[str, Any]


def edited(edits: Edits) -> dict[str, Any]:
    """The spec with some dotted paths set, or gone."""
    spec = copy.deepcopy(SPEC)
    for path, value in edits.items():
        *parents, key = path.split(".")
        node = spec
        for parent in parents:
            node = node.setdefault(parent, {})
        if value is GONE:
            del node[key]
        else:
            node[key] = value
    return spec


def compiled(spec: dict[str, Any], file: str = "new.yaml") -> Compilation:
    result = pipeline.compile(json.dumps(spec, indent=1).encode(), file)
    assert not result.report.failed, result.report.sorted()
    return result


@cache
def original() -> Compilation:
    return compiled(SPEC, "old.yaml")


def changes(edits: Edits) -> tuple[Change, ...]:
    """The changes of the objects by some edits of the spec."""
    return compare(original(), compiled(edited(edits)))


C, W = "spec.components", "spec.workloads"
MINIO, POSTGRES, POOLER, MLFLOW = (
    f"{C}.{component}" for component in ("minio", "postgres", "pgbouncer", "mlflow")
)
POSTGRES_IMAGE = "docker.io/library/postgres:17.9-bookworm"
ADOPTED = {
    "type": "postgres", "image": POSTGRES_IMAGE, "storage": "50Gi", "maxConnections": 300,
    "adopt": {"service": "postgres", "claim": "data-postgres-0", "secret": "postgres-superuser"},
}  # fmt: skip
ADOPTED_DATA = {"service": "mlflow", "database": "mlflow", "bucket": "mlflow"}
TRACKING = {
    MLFLOW: GONE,
    f"{C}.tracking": {"type": "mlflow", "replicas": 2, "smoke": False, "adopt": ADOPTED_DATA},
    f"{W}.training.uses": ["tracking"],
}


def named(actual: tuple[Change, ...], title: str) -> Change:
    """The only change with a title."""
    matching = [change for change in actual if change.title == title]
    assert len(matching) == 1, [change.title for change in actual]
    return matching[0]


MODELS = """\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {name: one}
spec:
  components: {seaweedfs: {}, istio: {}, knative: {}, kserve: {MODE}}
  models:
    churn: {format: sklearn, uri: "s3://models/churn/CHURN"}
    fraud: {format: xgboost, uri: "s3://models/fraud/v1", minReplicas: FRAUD}
"""


def of_models(**words: str) -> Compilation:
    """A platform of two models, with these words of `MODELS` replaced."""
    text = MODELS
    for word, value in {"MODE": "", "CHURN": "v1", "FRAUD": "1", **words}.items():
        text = text.replace(word, value)
    return pipeline.compile(text.encode(), "new.yaml")
