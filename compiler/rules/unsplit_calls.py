"""Callers of a model that do not pass the gateway, which alone sends requests to the model's canary."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics import Related, Report
from compiler.interfaces import gateway
from compiler.model import Binding, Graph, Path, Platform


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for binding in _unsplit(graph):
        caller, model = binding.consumer, binding.provider
        uses: tuple[str, ...] = getattr(caller.spec, "uses", ())
        path: Path = caller.path
        if model.name in uses:
            path = (*caller.path, "uses", uses.index(model.name))
        canary: Path = (*model.path, "canary")
        report.add(
            "unsplit-calls",
            f"`{caller.name}` never reaches the canary of `{model.name}`: the gateway splits the "
            "requests, and a caller inside the cluster does not pass it",
            platform.document.span_of(path),
            path=path,
            help="remove `canary`, serve the model by a system that splits all requests itself, or add "
            "the code to `spec.silence` with your reason",
            related=[Related("the canary", platform.document.span_of(canary))],
        )


def _unsplit(graph: Graph) -> Iterator[Binding]:
    """The calls of models whose requests a gateway splits; the guard before a model is none."""
    split = {
        binding.consumer.name
        for binding in graph.bindings
        if isinstance(binding.claim, gateway.Claim) and "split" in binding.claim.needs
    }
    for binding in graph.bindings if split else ():
        if binding.to_model and binding.provider.name in split and not binding.claim.guards:
            yield binding
