"""A registry of models: versions with aliases, which MLflow's tracking server keeps."""

from __future__ import annotations

from collections.abc import Mapping

from compiler import model
from compiler.interfaces import mlflow

FORMAT = "mlflow"  # servers of this format load each model that was logged with MLflow


def servers(offers: Mapping[str, model.Offers]) -> list[str]:
    """The names of the instances that have a registry."""
    return [
        name
        for name, slots in offers.items()
        if any(issubclass(provides.endpoint, mlflow.Endpoint) for provides in slots)
    ]
