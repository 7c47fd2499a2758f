"""Sinks: servers that take copies of a model's requests and responses."""

from __future__ import annotations

from compiler import model
from compiler.interfaces import external_service, inference

SINKS = (external_service.Endpoint, inference.Endpoint)
LOGGER = model.Requires("logger", model.Endpoint)


def url(endpoint: model.Endpoint, path: str) -> str:
    """The URL of a sink with the path that takes copies."""
    assert isinstance(endpoint, SINKS), endpoint.interface
    return f"{endpoint.url}{path}"
