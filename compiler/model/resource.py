"""Define the pieces that components lower to: objects, config files, and declarations about pods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any

from msgspec import Struct, field

from compiler.model.custom_resource import CustomResource, at
from compiler.model.effects import Effect
from compiler.model.injected import Injected
from compiler.model.manifest import Manifest


class Phase(IntEnum):
    """The order of delivery, in steps of ten: the waves between two phases belong to the earlier one."""

    NAMESPACES = 0
    CRDS = 2
    OPERATORS = 5
    SECRETS = 7
    STORES = 10
    DATABASES = 20
    SERVERS = 30
    CLIENTS = 40
    MODELS = 50
    # Models and CronJobs share a wave, because an unhealthy object holds up later waves: a model without
    # files is never ready, and Argo CD 3.2 and later calls a CronJob degraded if its last run failed. So
    # a failed run of last night holds up no model, and a missing model does not hold up its training.
    MODELS_AND_SCHEDULES = 51
    CALLERS = 60  # Jobs that call models

    @property
    def title(self) -> str:
        return self.name.lower().replace("_", " ")

    @classmethod
    def of(cls, wave: int) -> Phase:
        """The phase of a wave."""
        return max(phase for phase in cls if phase <= wave)


class SecretRef(Struct, frozen=True):
    """One key of a Secret, by name. Objects refer to credentials only in this way."""

    name: str
    key: str

    @property
    def selector(self) -> dict[str, str]:
        return {"name": self.name, "key": self.key}


class ConfigRef(Struct, frozen=True):
    """One key of a ConfigMap that a controller writes, by name."""

    name: str
    key: str


class Env(Struct, frozen=True):
    """One variable of a container. `$(NAME)` in a value refers to an earlier variable."""

    name: str
    value: str | SecretRef | ConfigRef

    def manifest(self) -> Manifest:
        if isinstance(self.value, str):
            return {"name": self.name, "value": self.value}
        kind = "secretKeyRef" if isinstance(self.value, SecretRef) else "configMapKeyRef"
        reference = {"name": self.value.name, "key": self.value.key}
        return {"name": self.name, "valueFrom": {kind: reference}}


class Resource(Struct, frozen=True):
    """One object, and its position in the order: `step` counts within its component's phase."""

    manifest: Manifest
    step: int = 0
    custom: CustomResource | None = None  # its kind, if it is not Kubernetes' own
    injected: tuple[Injected, ...] = ()  # the containers that operators add to its pods
    effects: tuple[Effect, ...] = ()  # the effects of changes that are special to its program

    @classmethod
    def of(
        cls, custom: CustomResource, metadata: Mapping[str, Any], spec: Mapping[str, Any],
        step: int = 0, injected: tuple[Injected, ...] = (),
    ) -> Resource:  # fmt: skip
        """An object of an operator's API."""
        return cls(custom.manifest(metadata, spec), step, custom, injected)

    @property
    def kind(self) -> str:
        return str(self.manifest["kind"])

    @property
    def name(self) -> str:
        return str(self.manifest["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """The object's namespace; empty for cluster-wide objects."""
        return str(self.manifest["metadata"].get("namespace", ""))

    @property
    def id(self) -> tuple[str, str, str, str]:
        """The identity of the object for the API server: group, kind, namespace, name."""
        group = self.manifest["apiVersion"].rpartition("/")[0]
        return (group, self.kind, self.namespace, self.name)

    @property
    def canary(self) -> int | None:
        """The percentage of requests for the newest version, or None without a canary."""
        percent: int | None = (
            at(self.manifest, self.custom.canary) if self.custom and self.custom.canary else None
        )
        return percent

    @property
    def pod_labels(self) -> Mapping[str, str]:
        """The labels of the pods that are made of the object; none if it has no pods."""
        template = pod_template(self.manifest)
        if template is not None:
            labels: Mapping[str, str] = template.get("metadata", {}).get("labels", {})
            return labels
        pods = self.custom.pods if self.custom else None
        if pods is None:
            return {}
        custom: Mapping[str, str] = at(self.manifest, pods.labels) or {}
        if pods.added_labels is not None:
            custom = {**custom, **pods.added_labels(self.manifest)}
        return {**custom, pods.name_label: self.name} if pods.name_label else custom

    @property
    def pods(self) -> Iterable[Manifest]:
        """The known parts of the specs of the pods that are made of the object."""
        template = pod_template(self.manifest)
        if template is not None:
            return [template["spec"]]
        workload = self.custom.pods if self.custom else None
        return workload.specs(self.manifest) if workload else ()

    @property
    def pod_account(self) -> str:
        """The ServiceAccount of the pods that are made of the object; empty if unknown."""
        template = pod_template(self.manifest)
        if template is not None:
            return str(template["spec"].get("serviceAccountName", "default"))
        pods = self.custom.pods if self.custom else None
        return str(at(self.manifest, pods.account) or "") if pods else ""


class ConfigFiles(Struct, frozen=True):
    """A ConfigMap whose files are files in the compiled tree."""

    name: str
    namespace: str
    files: Mapping[str, str]
    step: int = 0


class OperatorPods(Struct, frozen=True):
    """Pods of an instance that an operator creates: their role, and their labels."""

    role: str
    labels: Mapping[str, str]
    namespace: str | None = None  # their namespace, if it is not the instance's
    account: str = ""  # their ServiceAccount, if known
    injected: tuple[Injected, ...] = ()  # the containers that the operator adds, if known
    security: Manifest = {}  # their security context

    def __hash__(self) -> int:
        return hash((self.role, self.namespace))


Pods = str | OperatorPods  # a role of the instance's own pods, or pods that an operator creates


def role_of(pods: Pods) -> str:
    return pods.role if isinstance(pods, OperatorPods) else pods


class InternalTraffic(Struct, frozen=True):
    """Connections between pods of one instance: clients, servers, and the servers' ports."""

    client: Pods
    server: Pods
    ports: tuple[int, ...]


class Hop(Struct, frozen=True):
    """Pods of an upstream system that requests may pass on the way to a provider."""

    namespace: str
    labels: Mapping[str, str]
    ports: tuple[int, ...]


class Egress(Struct, frozen=True):
    """Connections from pods of one instance to addresses outside the platform."""

    client: Pods
    cidrs: tuple[str, ...]
    ports: tuple[int, ...]
    namespace: str | None = None  # the pods' namespace, if it is not the instance's


class Ingress(Struct, frozen=True):
    """Connections from other pods, such as an operator's or a scraper's, to an instance's pods."""

    name: str
    namespace: str
    server: Pods
    ports: tuple[int, ...]
    pods: Mapping[str, str] = field(default_factory=dict)  # the clients' labels; empty for all pods
    account: str | None = None  # the clients' ServiceAccount; None for any in the namespace
    paths: tuple[str, ...] = ()  # the only HTTP paths that the clients request; empty for any
    meshed: bool = False  # whether the clients are in the platform's mesh and have an identity

    def __hash__(self) -> int:
        return hash((self.name, self.namespace, self.ports, self.account))


def pod_template(manifest: Manifest) -> Manifest | None:
    """The pod template of one of Kubernetes' own workload objects, or None."""
    spec = manifest.get("spec", {})
    match manifest["kind"]:
        case "Deployment" | "StatefulSet" | "DaemonSet" | "Job":
            template: Manifest = spec["template"]
            return template
        case "CronJob":
            nested: Manifest = spec["jobTemplate"]["spec"]["template"]
            return nested
    return None


def containers_of(pod: Manifest) -> tuple[Manifest, ...]:
    """The containers of a pod's spec, in the order in which they start: init containers first."""
    return (*(pod.get("initContainers") or ()), *(pod.get("containers") or ()))


WAVE = "argocd.argoproj.io/sync-wave"
# Flux replaces `${...}` in the objects of a Kustomization with `postBuild`, unless an object says that
# it must not (fluxcd/kustomize-controller, SubstituteVariables).
SUBSTITUTION, NOT_SUBSTITUTED = "${", {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}
