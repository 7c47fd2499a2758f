"""The endpoint of models on KServe: their objects, and the problems of serving them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from compiler import kube, model
from compiler.components.knative.net_istio import LOCAL, LOCAL_TARGET
from compiler.components.kserve import store_access
from compiler.components.kserve.inference_service import FROM_HUB, inference_service
from compiler.components.kserve.runtimes import LANGUAGE, RUNTIMES, Runtime, spelled
from compiler.diagnostics import listing, near
from compiler.interfaces import gateway, inference, s3, serverless, serving
from compiler.model import Problem
from compiler.spec.served_model import ModelSpec

OCI_VOLUMES = 35  # Kubernetes' minor version
PREDICTOR = 8080  # the port of every runtime's container
# Knative's queue-proxy in each pod: requests (HTTP/1, HTTP/2, TLS), its probe and its metrics.
QUEUE_PROXY = (8012, 8013, 8112, 8022, 9090)
REQUESTS = 9091  # its request metrics
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
        """The runtime of a model: the one that it names, or the first one for its format."""
        format = spelled(spec.format)
        for runtime in self.runtimes:
            if format in runtime.formats and spec.runtime in (None, runtime.name):
                return runtime
        return None

    def share(self, me: model.Instance[Any], wiring: model.Wiring) -> Iterator[model.Piece]:
        """The objects by which KServe finds a key: ServiceAccount, Secret, and the Secret's
        annotations.
        """
        store, pull = wiring.get(serving.STORE), me.settings.registry.pull_secrets
        secrets = [*([store.secret] if store else []), *me.spec.tokens]
        yield model.Resource(kube.service_account(me.name, me.namespace, pull, secrets))
        key = store.credential(store.binding) if store else None
        if store and key:
            annotations = store_access.secret_annotations(store, me.name)
            note = "KServe finds the store by the Secret's annotations"
            if key.created_by:
                note += "".join(f" {name}={value}" for name, value in annotations.items())
            yield replace(key, note=note, annotations=annotations)
            yield from store_access.authority(me, store)
        if me.spec.from_hub:
            yield model.Egress(FROM_HUB, (kube.ANYWHERE,), (443,))
        entrance, knative = wiring.get(serving.GATEWAY), wiring.get(serving.SERVERLESS)
        ports = QUEUE_PROXY if knative else (PREDICTOR, *me.spec.ports)
        # In serverless mode all requests pass the gateway's pods, those of other pods too.
        if entrance is not None and (knative is not None or me.spec.public):
            yield entrance.calls(serving.pods(), *ports)
        if knative is not None:
            yield model.Ingress("knative", knative.namespace, serving.pods(), ports, meshed=True)
        yield _metrics(store, serverless=knative is not None)

    def serve(
        self, me: model.Instance[ModelSpec], surroundings: serving.Surroundings
    ) -> Iterator[model.Piece]:
        """The InferenceService, and the route from the model's host to it."""
        runtime = self.runtime(me.spec)
        # `problems` has reported a missing runtime.
        assert runtime is not None or me.spec.image is not None, me.spec.format
        yield inference_service(me, surroundings, self.mode, runtime, replicas(me.spec, self.mode))
        entrance = surroundings.gateway
        if entrance is None:
            return
        predictor, authority = gateway.Backend(f"{me.name}-predictor", me.namespace, 80), None
        if self.mode != "standard":
            # Knative's local gateway routes by the predictor's host only.
            authority = me.host(predictor.service)
            predictor = gateway.Backend(LOCAL, entrance.namespace, 80)
        yield from serving.routes(me, entrance, (predictor,), authority)

    def inference(
        self, me: model.Instance[ModelSpec], entrance: gateway.Endpoint | None,
        knative: serverless.Endpoint | None,
    ) -> inference.Offer:  # fmt: skip
        """The Service of the predictor, which KServe and Knative create.

        In serverless mode, the Service leads to the local gateway; from there, or from the caller's
        sidecar, a request goes to the activator or to a pod.
        """
        runtime = self.runtime(me.spec)
        predictor = inference.Offer(
            service=f"{me.name}-predictor",
            port=80,
            target=me.spec.own_port,
            role=serving.MODEL,
            protocol=me.spec.protocol or (runtime.protocol if runtime else ""),
        )
        if entrance is None or knative is None:
            return predictor
        hops = (entrance.hop(LOCAL_TARGET), knative.activator)
        return replace(predictor, target=QUEUE_PROXY[0], hops=hops)

    def problems(self, me: model.Instance[ModelSpec], *, routed: bool) -> Iterable[Problem]:
        spec = me.spec
        if spec.image is None:
            yield from self._format(me)
        yield from _oci(me)
        yield from self._mode(me)
        yield from self._token(me)
        yield from _size(me)
        if self.mode == "standard" and spec.canary is not None:
            yield Problem(
                "serving-mode",
                f"`{me.name}` splits its traffic, which KServe does in serverless mode only",
                ("canary",),
                "write `kserve: {mode: serverless}`, or declare the new version as a model of its "
                "own",
            )
        if self.mode == "standard" and spec.min_replicas == 0:
            yield Problem(
                "serving-mode",
                f"`{me.name}` scales to zero, which KServe does in serverless mode only",
                ("minReplicas",),
                "write `minReplicas: 1`, or `kserve: {mode: serverless}`",
            )
        elif spec.min_replicas == 0 and (burden := _burden(spec)):
            yield Problem(
                "cold-start",
                f"`{me.name}` scales to zero and has {burden}: the first request waits for it",
                ("minReplicas",),
                "write `minReplicas: 1`, or leave it out",
            )

    def _mode(self, me: model.Instance[ModelSpec]) -> Iterator[Problem]:
        """Keys that Knative reads, and that say nothing without it."""
        for key, value in (("concurrency", me.spec.concurrency), ("scaling", me.spec.scaling)):
            if value is not None and self.mode == "standard":
                yield Problem(
                    "serving-mode",
                    f"`{me.name}` sets `{key}`, which KServe reads in serverless mode only",
                    (key,),
                    "leave it out, or write `kserve: {mode: serverless}`",
                )

    def _token(self, me: model.Instance[ModelSpec]) -> Iterator[Problem]:
        """KServe looks for the token of the Hugging Face Hub by the key's name (0.20, hf_secret.go)."""
        token = serving.hub_token(me.spec)
        if token is not None and token.key != serving.HUB_VARIABLE:
            yield Problem(
                "invalid-value",
                f"KServe reads the token of the Hub from the key `{serving.HUB_VARIABLE}` of a Secret",
                ("env", serving.HUB_VARIABLE),
                f"rename the Secret's key, and write `key: {serving.HUB_VARIABLE}`",
            )

    def _format(self, me: model.Instance[ModelSpec]) -> Iterator[Problem]:
        format, named = spelled(me.spec.format), me.spec.runtime
        readers = [runtime.name for runtime in self.runtimes if format in runtime.formats]
        if not readers:
            formats = sorted(
                {name.lower() for runtime in self.runtimes for name in runtime.formats}
            )
            close = near(me.spec.format, formats)
            help = f"did you mean `{close}`?" if close else f"the formats are {listing(formats)}"
            problem = f"no serving runtime reads the format `{me.spec.format}`"
            yield Problem("unknown-format", problem, ("format",), help, formats)
        elif named is not None and named not in readers:
            is_known = named in [runtime.name for runtime in self.runtimes]
            reason = f"does not read `{me.spec.format}`" if is_known else "is not a known runtime"
            yield Problem(
                "runtime-mismatch",
                f"`{named}` {reason}",
                ("runtime",),
                f"those that read it are {listing(readers)}"
                if is_known
                else "declare a runtime of your own under `runtimes:` of the kserve component; "
                f"those that read `{me.spec.format}` are {listing(readers)}",
                readers,
            )


def _size(me: model.Instance[ModelSpec]) -> Iterator[Problem]:
    """Memory, disk, replicas and deadlines follow from a model's size."""
    if me.spec.image is not None:
        return
    heavy = me.spec.gpus is not None or spelled(me.spec.format) in LANGUAGE
    if heavy and me.spec.size is None:
        yield Problem(
            "unknown-size",
            f"`{me.name}` has no `size`, so its server gets memory and disk for a small model",
            (),
            "add `size:` with the size of the model's files, like `size: 16Gi`",
        )


def _oci(me: model.Instance[ModelSpec]) -> Iterator[Problem]:
    """Images as volumes: Kubernetes has them switched on since 1.35 (kube_features.go)."""
    version = me.settings.cluster.kubernetes
    is_image = me.spec.uri.startswith("oci://")
    if is_image and version and int(version.partition(".")[2]) < OCI_VOLUMES:
        yield Problem(
            "unfit-version",
            f"Kubernetes {version} mounts no images, which `{me.name}` needs for its `oci://` URI",
            ("uri",),
            f"run Kubernetes 1.{OCI_VOLUMES}, or copy the model to a bucket and write its `s3://` URI",
        )


def _metrics(store: s3.Endpoint | None, *, serverless: bool) -> model.Metrics:
    """The metrics of all models that share a store."""
    pods = serving.sharing(store) if store else serving.pods()
    if serverless:
        return model.Metrics(pods=pods, port=REQUESTS)
    other_ports = tuple(port for port in RUNTIMES_METRICS if port != PREDICTOR)
    return model.Metrics(pods=pods, port=PREDICTOR, others=other_ports, relabelings=FIND_PORT)


def replicas(spec: ModelSpec, mode: str) -> int:
    """None if a request can wait for a start; one if the model takes too long to load."""
    if spec.min_replicas is not None:
        return spec.min_replicas
    return int(mode == "standard" or _burden(spec) is not None)


def _burden(spec: ModelSpec) -> str | None:
    return serving.burden(spec, LANGUAGE, spelled(spec.format))
