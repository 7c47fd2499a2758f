"""KServe's agent: the container before a model's server that copies requests and collects them.

Facts are of KServe 0.20.0. Its webhook adds the container (agent_injector.go) with the server's security
context, which `restricted` admits, and the resources of the key `agent` of `inferenceservice-config`.
In standard mode the Service leads to the agent's port (service_reconciler.go); in serverless mode
Knative's queue-proxy sends it the requests, so that ports and policies stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler import model
from compiler.interfaces import payload_sink
from compiler.model import Problem
from compiler.spec.model_requests import Batcher, Logger
from compiler.spec.served_model import ModelSpec

PORT = 9081


def fields(spec: ModelSpec, sink: model.Endpoint | None) -> model.Manifest:
    """The fields of a predictor that ask for the agent.

    `timeout` of KServe's batcher is left out: nothing reads it (component.go).
    """
    agent: model.Manifest = {}
    if spec.batcher is not None:
        agent["batcher"] = _batcher(spec.batcher)
    if spec.logger is not None and sink is not None:
        agent["logger"] = _logger(spec.logger, sink)
    return agent


def _batcher(batcher: Batcher) -> model.Manifest:
    return {"maxBatchSize": batcher.max_batch_size, "maxLatency": batcher.milliseconds}


def _logger(logger: Logger, sink: model.Endpoint) -> model.Manifest:
    fields: model.Manifest = {
        "mode": logger.mode,
        "url": payload_sink.url(sink, logger.path or ""),
    }
    if logger.metadata_headers:
        fields["metadataHeaders"] = [_canonical(name) for name in logger.metadata_headers]
    return fields


def _canonical(header: str) -> str:
    """A header as Go's server names it: the agent compares the names letter by letter (handler.go)."""
    return "-".join(word.capitalize() for word in header.split("-"))


def problems(me: model.Instance[ModelSpec], protocol: str) -> Iterator[Problem]:
    spec = me.spec
    if spec.batcher is None:
        return
    if protocol != "v1":
        speaks = f"speaks `{protocol}`" if protocol else "does not say its protocol"
        yield Problem(
            "serving-mode",
            f"`{me.name}` {speaks}, and KServe's batcher collects requests of `v1` alone",
            ("batcher",),
            "remove `batcher`" + ("" if protocol else ", or write `protocol: v1`"),
        )
    # The batcher answers without a status, and the logger copies answers of status 200 alone.
    if spec.logger is not None and spec.logger.mode != "request":
        yield Problem(
            "serving-mode",
            f"`{me.name}` collects requests, and KServe copies no responses to such requests",
            ("logger", "mode") if "mode" in spec.logger.model_fields_set else ("logger",),
            "write `mode: request`, or remove `batcher`",
        )
