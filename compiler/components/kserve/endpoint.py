"""The endpoint of models on KServe: their objects, and the Services that their callers reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from compiler import kube, model
from compiler.components.knative.net_istio import LOCAL, LOCAL_TARGET
from compiler.components.kserve import agent, model_problems, store_access, transformer
from compiler.components.kserve.inference_service import (
    FROM_HUB,
    Additions,
    component_pods,
    inference_service,
)
from compiler.components.kserve.runtimes import RUNTIMES, Runtime, readers
from compiler.interfaces import gateway, inference, s3, serverless, serving
from compiler.model import Problem
from compiler.spec.served_model import ModelSpec

PREDICTOR = 8080  # the port of every runtime's container
# Knative's queue-proxy in each pod: requests (HTTP/1, HTTP/2, TLS), its probe and its metrics.
QUEUE_PROXY = (8012, 8013, 8112, 8022, 9090)
REQUESTS = 9091  # the port of its request metrics
# Without it, only the runtime has metrics, on the port in its pods' annotation:
# Triton's, TorchServe's, or that of all others.
RUNTIMES_METRICS = (8002, 8082, PREDICTOR)
PORT_NOTE = "prometheus_kserve_io_port"
FIND_PORT: tuple[model.Manifest, ...] = (
    {
        "action": "keep",
        "sourceLabels": [
            "__meta_kubernetes_pod_container_name",
            f"__meta_kubernetes_pod_annotationpresent_{PORT_NOTE}",
        ],
        "regex": "kserve-container;true",
    },
    {
        "sourceLabels": [
            "__meta_kubernetes_pod_ip",
            f"__meta_kubernetes_pod_annotation_{PORT_NOTE}",
        ],
        "separator": ":",
        "targetLabel": "__address__",
    },
)


class Endpoint(serving.Endpoint, frozen=True, kw_only=True):
    """KServe, in the mode of the bound instance."""

    @property
    def mode(self) -> str:
        mode: str = self.binding.provider.spec.mode
        return mode

    @property
    def runtimes(self) -> tuple[Runtime, ...]:
        declared = self.binding.provider.spec.runtimes
        if not declared:
            return RUNTIMES
        return (
            *(Runtime(name, formats, ()) for name, formats in sorted(declared.items())),
            *RUNTIMES,
        )

    def runtime(self, spec: ModelSpec) -> Runtime | None:
        """The runtime of a model: the runtime that it names, or the first runtime for its format."""
        for runtime in readers(self.runtimes, spec.format):
            if spec.runtime in (None, runtime.name):
                return runtime
        return None

    def share(self, me: model.Instance[Any], wiring: model.Wiring) -> Iterator[model.Piece]:
        """The objects by which KServe finds a key: ServiceAccount, Secret, and the Secret's
        annotations.
        """
        store, pull = wiring.get(serving.STORE), me.settings.registry.pull_secrets
        secrets = [store.secret] if store else []
        yield model.Resource(kube.service_account(me.name, me.namespace, pull, secrets))
        key = store.credential(store.binding) if store else None
        if store and key:
            yield replace(
                key,
                annotations=store_access.secret_annotations(store, me.name),
                annotations_reason="KServe finds the store by the Secret's annotations",
            )
            yield from store_access.authority(me, store)
        if me.spec.from_hub:
            yield model.Egress(FROM_HUB, (kube.ANYWHERE,), (443,))
        entrance, knative = wiring.get(serving.GATEWAY), wiring.get(serving.SERVERLESS)
        agents = (agent.PORT,) if me.spec.intercepted else ()
        ports = QUEUE_PROXY if knative else (PREDICTOR, *me.spec.ports, *agents)
        # In serverless mode all requests pass the gateway's pods, also requests of other pods.
        for pods in (serving.pods(), *([transformer.PODS] if me.spec.transformed else [])):
            if entrance is not None and (knative is not None or me.spec.public):
                yield entrance.calls(pods, *ports)
            if knative is not None:
                yield model.Ingress("knative", knative.namespace, pods, ports, meshed=True)
        yield _metrics(store, serverless=knative is not None)

    def serve(
        self, me: model.Instance[ModelSpec], surroundings: serving.Surroundings
    ) -> Iterator[model.Piece]:
        """The InferenceService, and the route from the model's host to it."""
        runtime = self.runtime(me.spec)
        # `problems` has reported a missing runtime.
        assert runtime is not None or me.spec.image is not None, me.spec.format
        least = model_problems.replicas(me.spec, self.mode)
        knative = surroundings.knative
        additions = Additions(
            self.binding.provider.spec.release, knative.offer.injected if knative else ()
        )
        yield inference_service(me, surroundings, self.mode, runtime, least, additions)
        yield from component_pods(me, surroundings)
        entrance = surroundings.gateway
        if entrance is None:
            return
        backend = gateway.Backend(_entry_service(me.spec, me.name), me.namespace, 80)
        authority = None
        if self.mode != "standard":
            # Knative's local gateway routes by the predictor's host only.
            authority = me.host(backend.service)
            backend = gateway.Backend(LOCAL, entrance.namespace, 80)
        yield from serving.routes(me, entrance, (backend,), authority)

    def server(
        self, me: model.Instance[ModelSpec], entrance: gateway.Endpoint | None,
        knative: serverless.Endpoint | None,
    ) -> inference.Offer:  # fmt: skip
        """The Service of the predictor, which KServe and Knative create."""
        offer = inference.Offer(
            service=f"{me.name}-predictor",
            port=80,
            target=agent.PORT if me.spec.is_intercepted else me.spec.own_port,
            role=serving.MODEL,
            protocol=self._protocol(me.spec),
        )
        return _through_knative(offer, entrance, knative)

    def inference(
        self, me: model.Instance[ModelSpec], entrance: gateway.Endpoint | None,
        knative: serverless.Endpoint | None,
    ) -> inference.Offer:  # fmt: skip
        """The Service of the transformer, or of the predictor for a model without one."""
        if me.spec.transformer is None:
            return self.server(me, entrance, knative)
        offer = inference.Offer(
            service=_entry_service(me.spec, me.name), port=80, target=transformer.PORT,
            role=inference.TRANSFORMER, protocol=self._protocol(me.spec),
        )  # fmt: skip
        return _through_knative(offer, entrance, knative)

    def _protocol(self, spec: ModelSpec) -> str:
        """The protocol of a model's requests; empty where it is unknown."""
        runtime = self.runtime(spec)
        return spec.protocol or (runtime.protocol if runtime else "")

    def problems(self, me: model.Instance[ModelSpec], *, routed: bool) -> Iterable[Problem]:
        return model_problems.of_model(me, self.mode, self.runtimes, self._protocol(me.spec))


def _entry_service(spec: ModelSpec, name: str) -> str:
    """The Service that requests to a model reach first."""
    return f"{name}-{inference.TRANSFORMER if spec.transformer else 'predictor'}"


def _through_knative(
    offer: inference.Offer, entrance: gateway.Endpoint | None, knative: serverless.Endpoint | None
) -> inference.Offer:
    """The offer in serverless mode, where a Service leads to the local gateway.

    From there, or from the caller's sidecar, a request goes to the activator or to a pod. The Service has
    the type ExternalName (Knative 1.21, pkg/reconciler/route/resources/service.go): kubectl forwards no port to it.
    """
    if entrance is None or knative is None:
        return offer
    hops = (entrance.hop(LOCAL_TARGET), knative.activator)
    return replace(offer, target=QUEUE_PROXY[0], hops=hops, entrance=(entrance.local(LOCAL), 80))


def _metrics(store: s3.Endpoint | None, *, serverless: bool) -> model.Metrics:
    """The metrics of all models that share a store."""
    pods = serving.sharing(store) if store else serving.pods()
    if serverless:
        return model.Metrics(pods=pods, port=REQUESTS)
    further_ports = tuple(port for port in RUNTIMES_METRICS if port != PREDICTOR)
    return model.Metrics(
        pods=pods, port=PREDICTOR, further_ports=further_ports, relabelings=FIND_PORT
    )
