"""What components lower to: Kubernetes objects with their provenance, and config files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any

from msgspec import Struct, field

Manifest = dict[str, Any]


class Phase(IntEnum):
    """The order of delivery, in steps of ten: the waves between belong to the phase before them."""

    NAMESPACES = 0
    CRDS = 2
    OPERATORS = 5
    SECRETS = 7
    STORES = 10
    DATABASES = 20
    SERVERS = 30
    CLIENTS = 40
    MODELS = 50
    CALLERS = 60  # pods that call models

    @classmethod
    def of(cls, wave: int) -> Phase:
        """The phase that a wave belongs to."""
        return max(phase for phase in cls if phase <= wave)


class SecretRef(Struct, frozen=True):
    """One key of a Secret, by name: the only way in which a credential is ever spoken of."""

    name: str
    key: str


class ConfigRef(Struct, frozen=True):
    """One key of a ConfigMap that a controller writes, by name."""

    name: str
    key: str


class Env(Struct, frozen=True):
    """One variable of a container. `$(NAME)` in a value reads a variable declared before it."""

    name: str
    value: str | SecretRef | ConfigRef

    def manifest(self) -> Manifest:
        if isinstance(self.value, str):
            return {"name": self.name, "value": self.value}
        kind = "secretKeyRef" if isinstance(self.value, SecretRef) else "configMapKeyRef"
        reference = {"name": self.value.name, "key": self.value.key}
        return {"name": self.name, "valueFrom": {kind: reference}}


class Resource(Struct, frozen=True):
    """One object, and where it comes in the order: `step` counts within its component's phase."""

    manifest: Manifest
    step: int = 0

    @property
    def kind(self) -> str:
        return str(self.manifest["kind"])

    @property
    def name(self) -> str:
        return str(self.manifest["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """The object's namespace; empty where it is the cluster's."""
        return str(self.manifest["metadata"].get("namespace", ""))

    @property
    def id(self) -> tuple[str, str, str, str]:
        """What a server knows it by: group, kind, namespace, name."""
        group = self.manifest["apiVersion"].rpartition("/")[0]
        return (group, self.kind, self.namespace, self.name)


class ConfigFiles(Struct, frozen=True):
    """A ConfigMap whose files stay real files in the compiled tree."""

    name: str
    namespace: str
    files: Mapping[str, str]
    step: int = 0


class OperatorPods(Struct, frozen=True):
    """Pods of an instance that an operator makes: their role, and the labels it gives them."""

    role: str
    labels: Mapping[str, str]
    namespace: str | None = None  # where it is not the instance's
    account: str = ""  # the ServiceAccount that they run as, where it is known

    def __hash__(self) -> int:
        return hash((self.role, self.namespace))


Pods = str | OperatorPods  # a role of the instance's own pods, or pods that are made for it


class InternalTraffic(Struct, frozen=True):
    """Pods of one instance that connect to others of it: clients, servers, the servers' ports."""

    client: Pods
    server: Pods
    ports: tuple[int, ...]


class Hop(Struct, frozen=True):
    """Pods of an upstream system that requests may pass on their way to a provider."""

    namespace: str
    labels: Mapping[str, str]
    ports: tuple[int, ...]


class Egress(Struct, frozen=True):
    """Pods of one instance that talk to addresses outside the platform's graph."""

    client: Pods
    cidrs: tuple[str, ...]
    ports: tuple[int, ...]
    namespace: str | None = None  # of the pods, where it is not the instance's


class Ingress(Struct, frozen=True):
    """Pods of somebody else, such as an operator or a scraper, that talk to an instance's pods."""

    name: str
    namespace: str
    server: Pods
    ports: tuple[int, ...]
    pods: Mapping[str, str] = field(default_factory=dict)  # none: all of the namespace
    account: str | None = None  # the ServiceAccount that they run as; None: any of the namespace
    paths: tuple[str, ...] = ()  # the only ones that they ask for, by HTTP; none: any
    meshed: bool = False  # whether they are in the platform's mesh, and so have an identity there

    def __hash__(self) -> int:
        return hash((self.name, self.namespace, self.ports, self.account))


class OperatorWorkload(Struct, frozen=True):
    """An operator's own object that becomes pods. A number in a path is a place in a list."""

    labels: tuple[str | int, ...]  # where the object holds labels for them
    name: str | None = None  # the label that names the object on each of them
    account: tuple[str | int, ...] = ("metadata", "name")  # where their ServiceAccount stands


_SELDON_POD = ("spec", "predictors", 0, "componentSpecs", 0)
_OPERATED = {
    ("postgresql.cnpg.io", "Cluster"): OperatorWorkload(
        ("spec", "inheritedMetadata", "labels"), "cnpg.io/cluster"
    ),
    ("postgresql.cnpg.io", "Pooler"): OperatorWorkload(
        ("spec", "template", "metadata", "labels"), "cnpg.io/poolerName"
    ),
    ("argoproj.io", "WorkflowTemplate"): OperatorWorkload(
        ("spec", "podMetadata", "labels"), None, ("spec", "serviceAccountName")
    ),
    ("serving.kserve.io", "InferenceService"): OperatorWorkload(
        ("metadata", "labels"),
        "serving.kserve.io/inferenceservice",
        ("spec", "predictor", "serviceAccountName"),
    ),
    ("machinelearning.seldon.io", "SeldonDeployment"): OperatorWorkload(
        (*_SELDON_POD, "metadata", "labels"),
        "seldon-deployment-id",
        (*_SELDON_POD, "spec", "serviceAccountName"),
    ),
}


def pod_labels(manifest: Manifest) -> Mapping[str, str]:
    """The labels of the pods that are made of an object; none where none are."""
    template = pod_template(manifest)
    if template is not None:
        labels: Mapping[str, str] = template["metadata"]["labels"]
        return labels
    made = _operated(manifest)
    if made is None:
        return {}
    own: Mapping[str, str] = _at(manifest, made.labels) or {}
    return {**own, made.name: manifest["metadata"]["name"]} if made.name else own


def pod_account(manifest: Manifest) -> str:
    """The ServiceAccount of the pods that are made of an object; empty where it is not known."""
    template = pod_template(manifest)
    if template is not None:
        return str(template["spec"]["serviceAccountName"])
    made = _operated(manifest)
    return str(_at(manifest, made.account) or "") if made else ""


def _operated(manifest: Manifest) -> OperatorWorkload | None:
    return _OPERATED.get((manifest["apiVersion"].partition("/")[0], manifest["kind"]))


def _at(value: Any, path: Iterable[str | int]) -> Any:
    for part in path:
        value = value[part] if isinstance(part, int) else value.get(part, {})
    return value


def pod_template(manifest: Manifest) -> Manifest | None:
    """The pod template of a workload object of Kubernetes' own, or None."""
    spec = manifest.get("spec", {})
    match manifest["kind"]:
        case "Deployment" | "StatefulSet" | "DaemonSet" | "Job":
            template: Manifest = spec["template"]
            return template
        case "CronJob":
            nested: Manifest = spec["jobTemplate"]["spec"]["template"]
            return nested
    return None


WAVE = "argocd.argoproj.io/sync-wave"
