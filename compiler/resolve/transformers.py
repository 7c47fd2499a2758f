"""Bind the transformer of a model: to the model's own server, and to the instances that it uses."""

from __future__ import annotations

from typing import Any

from compiler.interfaces import inference
from compiler.model.binding import Binding
from compiler.model.instance import Instance
from compiler.resolve import models, uses
from compiler.resolve.join import Join


def bind(join: Join, consumer: Instance[Any]) -> None:
    """Bind the transformer of a model, which runs in separate pods, to its providers."""
    offer = models.server(join, consumer)
    if offer is None:
        return
    join.add(
        Binding(
            consumer, inference.SERVER, consumer, inference.PREDICTOR, inference.Claim(), offer,
            relayed=True,  # KServe passes the address to the transformer as an argument
        )
    )  # fmt: skip
    used = uses.Uses(
        (*consumer.path, "transformer", "uses"),
        consumer.spec.transformer.uses,
        inference.TRANSFORMER,
    )
    uses.bind(join, consumer, used)
