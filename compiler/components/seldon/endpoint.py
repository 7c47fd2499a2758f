"""The endpoint of models on Seldon Core: their objects, and the split of their traffic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from compiler import kube, model
from compiler.components.seldon.deployment import SECOND, SERVERS, deployment, versions
from compiler.diagnostics.words import closest, listing
from compiler.interfaces import gateway, inference, serverless, serving
from compiler.model import Problem
from compiler.spec.served_model import ModelSpec

ORCHESTRATOR = 8000  # the port of the container that Seldon puts before a predictor's servers


class Endpoint(serving.Endpoint, frozen=True, kw_only=True):
    """Seldon Core's operator."""

    def share(self, me: model.Instance[Any], wiring: model.Wiring) -> Iterator[model.Piece]:
        pull, store = me.settings.registry.pull_secrets, wiring.get(serving.STORE)
        secrets = [store.secret] if store else []
        yield model.Resource(kube.service_account(me.name, me.namespace, pull, secrets))
        entrance = wiring.get(serving.GATEWAY)
        if entrance is not None and me.spec.public:
            yield entrance.calls(serving.pods(), ORCHESTRATOR)
        # As upstream's own PodMonitor has it, for the orchestrator, which sees each request.
        pods = serving.sharing(store) if store else serving.pods()
        yield model.Metrics(pods=pods, port=ORCHESTRATOR, path="/prometheus")

    def serve(
        self, me: model.Instance[ModelSpec], surroundings: serving.Surroundings
    ) -> Iterator[model.Piece]:
        """The SeldonDeployment, and the route from the model's host to it."""
        spec = self.binding.provider.spec
        yield deployment(me, surroundings, spec.initializer, spec.release)
        yield from serving.routes(me, surroundings.gateway, _backends(me))

    def inference(
        self, me: model.Instance[ModelSpec], entrance: gateway.Endpoint | None,
        knative: serverless.Endpoint | None,
    ) -> inference.Offer:  # fmt: skip
        """The Service of the first predictor; with a canary, the version with most requests."""
        return inference.Offer(
            service=f"{me.name}-default",
            port=ORCHESTRATOR,
            role=serving.MODEL,
            protocol="v2" if me.spec.format in SECOND else "seldon",
        )

    def problems(self, me: model.Instance[ModelSpec], *, routed: bool) -> Iterable[Problem]:
        spec = me.spec
        if spec.image is not None:
            yield Problem(
                "serving-mode",
                f"`{me.name}` is a server of your own, which Seldon Core would ask in its own protocol",
                ("image",),
                "serve it with `kserve`, or write it under `workloads:`",
            )
            return
        yield from _of_split(me, routed=routed)
        if spec.format not in SERVERS:
            close = closest(spec.format, SERVERS)
            yield Problem(
                "unknown-format",
                f"no server of Seldon Core reads the format `{spec.format}`",
                ("format",),
                f"did you mean `{close}`?" if close else f"the formats are {listing(SERVERS)}",
                SERVERS,
            )
        if not spec.uri.startswith("s3://"):
            yield Problem(
                "serving-mode",
                f"`{me.name}` is not in an object store, and Seldon Core is set up for these alone",
                ("uri",),
                "copy the model to a bucket and write its `s3://` URI, or serve it with `kserve`",
            )
        yield from _foreign_keys(me)
        if spec.min_replicas == 0:
            yield Problem(
                "serving-mode",
                f"`{me.name}` scales to zero, which Seldon Core can't",
                ("minReplicas",),
                "write `minReplicas: 1`",
            )


def _of_split(me: model.Instance[ModelSpec], *, routed: bool) -> Iterator[Problem]:
    """The problems of a canary, for which the gateway splits the traffic."""
    spec = me.spec
    if spec.canary is None:
        return
    if spec.access == "inside":
        yield Problem(
            "serving-mode",
            f"`{me.name}` splits its traffic at its host on the gateway, and `access: inside` gives "
            "it none",
            ("access",),
            "remove `canary`, or write `access: public`",
        )
    elif not routed:
        yield Problem(
            "serving-mode",
            f"`{me.name}` splits its traffic, which a gateway does for Seldon Core, and there "
            "is none",
            ("canary",),
            "add `istio: {}` or `gateway-api: {}` under `spec.components`, or remove `canary`",
        )
    if routed and spec.access in serving.ISSUERS:
        yield Problem(
            "unfit-edge",
            f"the gateway splits the traffic of `{me.name}`, and the guard of its "
            f"`access: {spec.access}` leads to one version",
            ("access",),
            "remove `canary`, or write `access: public`",
        )
    if spec.canary.previous is None:
        yield Problem(
            "serving-mode",
            f"`{me.name}` splits its traffic, and Seldon Core keeps no version before this one",
            ("canary",),
            "add `previous:` with the URI of the version that gets the rest",
        )


def _foreign_keys(me: model.Instance[ModelSpec]) -> Iterator[Problem]:
    """The problems of keys that only KServe obeys."""
    if me.spec.max_replicas is not None:
        yield Problem(
            "serving-mode",
            f"`{me.name}` sets `maxReplicas`, and platformc writes no autoscaler for Seldon Core",
            ("maxReplicas",),
            "write the number of its pods as `minReplicas`, or serve the model with `kserve`",
        )
    for key in (
        "runtime",
        "timeout",
        "concurrency",
        "scaling",
        "args",
        "logger",
        "batcher",
        "transformer",
    ):
        if getattr(me.spec, key):
            yield Problem(
                "serving-mode",
                f"`{me.name}` sets `{key}`, which Seldon Core does not support",
                (key,),
                "leave it out, or serve the model with `kserve`",
            )


def _backends(me: model.Instance[ModelSpec]) -> tuple[gateway.Backend, ...]:
    """The Services of the predictors with their weights: Seldon's own split would need its own routes."""
    return tuple(
        gateway.Backend(f"{me.name}-{name}", me.namespace, ORCHESTRATOR, share)
        for name, _, share in versions(me.spec)
    )
