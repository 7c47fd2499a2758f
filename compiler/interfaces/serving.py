"""Model serving: a system that serves models of some formats, each with a host name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from msgspec import Struct

from compiler import kube, model
from compiler.interfaces import gateway, inference, mesh, oidc, s3, serverless
from compiler.spec import quantity
from compiler.spec.component import SecretKey
from compiler.spec.duration import seconds
from compiler.spec.served_model import ModelSpec

MODEL = "model"  # the role of every model's pods
EXEMPT = f"exempt.{model.PREFIX}/read-only-root"
HEAVY = 2 * 2**30  # bytes: a model of this size takes too long to load
BESIDE = 2**30  # bytes: the memory of a server beside its model
GIGABIT = 10**9
# Variables that Knative gives to every container (its runtime contract, "Process"), and KServe to a server.
OF_SYSTEMS = ("K_CONFIGURATION", "K_REVISION", "K_SERVICE", "PORT", "PROTOCOL")
HUB_VARIABLE = "HF_TOKEN"  # the variable, and the key of a Secret that KServe looks for


class Claim(model.Claim, frozen=True, kw_only=True):
    """A model, as its section of the spec describes it."""


class Offer(model.Offer, frozen=True, kw_only=True):
    """A system that serves models."""


# By `access` of a model: the key of the issuer of the identities that its host asks for.
ISSUERS = {"login": "login", "token": "machines"}


def guard(me: model.Instance[ModelSpec]) -> str | None:
    """The name of the guard that asks for a login or a token before a model.

    None without a guard, or without its issuer, which `missing-issuer` reports.
    """
    key = ISSUERS.get(me.spec.access or "")
    return f"{me.name}-{me.spec.access}" if key and getattr(me.settings, key) is not None else None


def routes(
    me: model.Instance[ModelSpec], entrance: gateway.Endpoint | None,
    backends: tuple[gateway.Backend, ...], authority: str | None = None,
) -> Iterator[model.Resource]:  # fmt: skip
    """The route from a model's host to its Services, or to the guard before them."""
    if entrance is None or not me.spec.has_route:
        return
    if guard_name := guard(me):
        backends = (gateway.Backend(guard_name, me.settings.namespace, oidc.PORT),)
        authority = None
    yield from entrance.route(
        gateway.Route(
            name=f"{me.name}-edge", namespace=me.namespace, host=me.route, backends=backends,
            authority=authority, timeout=timeout(me.spec), step=1,
        )
    )  # fmt: skip


def timeout(spec: ModelSpec) -> int | None:
    """The seconds that a request to a model may take, where the spec says so."""
    return seconds(spec.timeout) if spec.timeout is not None else None


class Surroundings(Struct, frozen=True):
    """The parts of a model's objects that do not come from its section of the spec."""

    account: str  # the ServiceAccount that all models of the namespace share
    stores: tuple[s3.Endpoint, ...]  # the one store, with the key that all models share
    gateway: gateway.Endpoint | None
    mesh: mesh.Endpoint | None
    client: kube.Client  # the client environment of the model's `uses`
    sink: model.Endpoint | None = None  # the sink that gets copies of its requests
    transformer: kube.Client | None = None  # the client environment of its transformer
    knative: serverless.Endpoint | None = None  # Knative, in serverless mode

    @property
    def in_mesh(self) -> dict[str, str]:
        """Annotations for a native sidecar, which lets an init container reach the store through
        the mesh.
        """
        return self.mesh.pod_annotations if self.mesh else {}

    @property
    def client_labels(self) -> dict[str, str]:
        """Labels by which the model's pods may reach its store, its `uses` and its sink."""
        used = [*self.stores, *self.client.endpoints, *([self.sink] if self.sink else [])]
        labels = {endpoint.binding.label for endpoint in used}
        return dict.fromkeys(sorted(labels), "true")


class Endpoint(model.Endpoint[Claim, Offer], frozen=True, kw_only=True):
    """The system that serves a model. Each system has a subclass."""

    interface: ClassVar[str] = "serving"
    for_clients: ClassVar[bool] = False  # programs call a model, not the system that serves it
    one_per_pod: ClassVar[bool] = True

    def problems(self, me: model.Instance[ModelSpec], *, routed: bool) -> Iterable[model.Problem]:
        """The problems of serving one model as it is declared; `routed` if a gateway routes to it."""
        raise NotImplementedError

    def share(self, me: model.Instance[Any], wiring: model.Wiring) -> Iterator[model.Piece]:
        """The objects that the system needs once for all models of a namespace."""
        raise NotImplementedError

    def server(
        self, me: model.Instance[ModelSpec], entrance: gateway.Endpoint | None,
        knative: serverless.Endpoint | None,
    ) -> inference.Offer:  # fmt: skip
        """The address of the model's server itself, behind a transformer if it has one."""
        return self.inference(me, entrance, knative)

    def inference(
        self, me: model.Instance[ModelSpec], entrance: gateway.Endpoint | None,
        knative: serverless.Endpoint | None,
    ) -> inference.Offer:  # fmt: skip
        """The address of one model inside the cluster, and the pods that its requests meet."""
        raise NotImplementedError

    def serve(
        self, me: model.Instance[ModelSpec], surroundings: Surroundings
    ) -> Iterator[model.Piece]:
        """The objects of one model."""
        raise NotImplementedError


# Requirements that every model has, together with the store of its namespace.
SERVING = model.Requires("serving", Endpoint)
GATEWAY = gateway.ROUTE
MESH = mesh.MEMBER
SERVERLESS = model.Requires("serverless", serverless.Endpoint)
STORE = model.Requires("store", s3.Endpoint)


def pods() -> model.OperatorPods:
    """The pods of all models of a namespace."""
    return model.OperatorPods(MODEL, {"app.kubernetes.io/component": MODEL})


def sharing(store: s3.Endpoint) -> model.OperatorPods:
    """The pods of all models of a namespace that use this store."""
    return model.OperatorPods(MODEL, {**pods().labels, store.binding.label: "true"})


def hub_token(spec: ModelSpec) -> SecretKey | None:
    """The key by which a model is fetched from the Hugging Face Hub, where it needs one."""
    value = spec.env.get(HUB_VARIABLE) if spec.uri.startswith("hf://") else None
    return value if isinstance(value, SecretKey) else None


def burden(spec: ModelSpec, language: Iterable[str], format: str) -> str | None:
    """The reason that a model loads too long for a request to wait for it, or None."""
    size = quantity.in_bytes(spec.size) if spec.size else 0
    if size >= HEAVY:
        return f"{spec.size} to load ({size * 8 / GIGABIT:.0f} s at 1 Gbit/s)"
    if spec.gpu:
        return "a GPU to fill"
    if format in language:
        return "a language model to load"
    if not spec.size and fills_memory(spec):
        return f"{memory_of(spec)} of memory to fill"
    return None


def memory_of(spec: ModelSpec) -> str | None:
    """The memory that the user gives a model's server, or None."""
    return spec.resources.limits.memory or spec.resources.requests.memory


def fills_memory(spec: ModelSpec) -> bool:
    """Whether the user gives a model's server as much memory as a heavy model needs."""
    memory = memory_of(spec)
    return memory is not None and quantity.in_bytes(memory) >= HEAVY + BESIDE
