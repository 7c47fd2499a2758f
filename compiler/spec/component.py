"""The language of components: the fields that several component types share.

Sections are closed at every level, strict about types, and frozen once parsed. The sections of component
types are in their folders and derive from `InstanceSpec` or `RunningSpec`. The small sections that nearly
every section contains are built here at once, so that pydantic does not build them again for each.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from compiler.spec.backup import OwnBackup
from compiler.spec.constraints import Exact, InvalidValue
from compiler.spec.labels import LabelKey, Labels, LabelValue
from compiler.spec.section import Forms, ListOf, Section
from compiler.spec.types import (
    MOST_INT64,
    Cpu,
    EnvName,
    Image,
    Memory,
    Name,
    Namespace,
    SecretName,
    Storage,
)

GPU_WORDS = ("gpu", "gpus")


class Amounts(Section, defer_build=False):
    """Amounts of CPU, memory and disk; a missing one has the component's default."""

    cpu: Cpu | None = Field(default=None, description="Processors, like `500m` or `2`.")
    memory: Memory | None = Field(default=None, description="Memory, like `512Mi` or `4Gi`.")
    ephemeral_storage: Storage | None = Field(default=None, description="Local disk, like `1Gi`.")

    @classmethod
    def instead_of(cls, key: str, value: Any) -> str | None:
        """The help for GPUs, which are no amounts of a container here."""
        count = value if isinstance(value, int) else 1
        if "/" in key:
            return f"write `gpu: {{resource: {key}, count: {count}}}` beside `resources`"
        if key in GPU_WORDS:
            return f"write `gpu: {count}` beside `resources`, in a model or workload"
        return None


class Resources(Section, defer_build=False):
    """Resources of each container; each amount that is set replaces the component's default."""

    requests: Amounts = Field(default=Amounts(), description="Amounts that the scheduler reserves.")
    limits: Amounts = Field(
        default=Amounts(), description="Amounts that a container may not exceed."
    )


class SecretKey(Section, defer_build=False):
    """One key of a Secret that exists in the namespace."""

    secret: SecretName = Field(description="The Secret's name.")
    key: Annotated[str, Exact(r"[-._a-zA-Z0-9]+")] = Field(description="A key of its data.")

    other_forms: ClassVar[frozenset[str]] = frozenset({"valueFrom", "secretKeyRef", "value"})

    @classmethod
    def instead_of(cls, key: str, value: Any) -> str | None:
        """The help for a variable in the words of a pod's manifest."""
        if key == "value":
            return "write the value itself, as text, in place of this map"
        reference = value.get("secretKeyRef") if isinstance(value, dict) else None
        text = key_of_secret(reference or value)
        return f"write `{text}`" if key in cls.other_forms and text else None


def key_of_secret(reference: Any) -> str | None:
    """A pod's reference to a key of a Secret, as the language writes it."""
    if not isinstance(reference, dict) or not {"name", "key"} <= reference.keys():
        return None
    return f"{{secret: {reference['name']}, key: {reference['key']}}}"


class Toleration(Section, defer_build=False):
    """A taint that the pods tolerate, in Kubernetes' syntax."""

    key: str | None = None
    operator: Literal["Exists", "Equal"] | None = None
    value: str | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    # Kubernetes counts it in nanoseconds (1.36, taint_eviction.go), and evicts at once after an overflow.
    toleration_seconds: Annotated[int, Field(ge=0, le=MOST_INT64 // 10**9)] | None = None


class NodeRule(Section, defer_build=False):
    """A condition on a label of nodes, in Kubernetes' words."""

    key: LabelKey = Field(description="The label, like `topology.kubernetes.io/zone`.")
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"] = "In"
    values: ListOf[LabelValue] = Field(
        default=(), description="Values to compare with; none for `Exists`."
    )

    def check(self) -> None:
        if self.operator in ("Exists", "DoesNotExist"):
            if self.values:
                message = f"`{self.operator}` asks whether there is a label, and not for values"
                raise InvalidValue("invalid-value", message, "remove `values`", at="values")
        elif not self.values or (self.operator in ("Gt", "Lt") and len(self.values) > 1):
            message = f"`{self.operator}` compares a label with values"
            help = "add one value" if self.operator in ("Gt", "Lt") else "add `values: [...]`"
            raise InvalidValue("invalid-value", message, help)

    @property
    def expression(self) -> dict[str, Any]:
        """The condition, as a pod has it."""
        values = {"values": list(self.values)} if self.values else {}
        return {"key": self.key, "operator": self.operator, **values}


class NodePreference(NodeRule, defer_build=False):
    """A condition of the nodes that pods prefer."""

    weight: int = Field(default=100, ge=1, le=100, description="Its weight among the others.")


class NodeAffinity(Section, defer_build=False):
    """The nodes that may run pods, by conditions that `nodeSelector` cannot express."""

    required: ListOf[NodeRule] = Field(
        default=(), description="Conditions that a node must meet, all of them."
    )
    preferred: ListOf[NodePreference] = Field(
        default=(), description="Conditions of the nodes that pods prefer."
    )

    def manifest(self) -> dict[str, Any]:
        """The field of a pod."""
        fields: dict[str, Any] = {}
        if self.required:
            terms = [{"matchExpressions": [rule.expression for rule in self.required]}]
            fields["requiredDuringSchedulingIgnoredDuringExecution"] = {"nodeSelectorTerms": terms}
        if self.preferred:
            fields["preferredDuringSchedulingIgnoredDuringExecution"] = [
                {"preference": {"matchExpressions": [rule.expression]}, "weight": rule.weight}
                for rule in self.preferred
            ]
        return fields


class PatchTarget(Section, defer_build=False):
    """The object of the component that a patch changes."""

    kind: str = Field(description="Its kind, like `Deployment`.")
    name: str = Field(description="Its name.")
    namespace: Namespace | None = Field(
        default=None, description="Its namespace, if objects of several namespaces have the name."
    )

    @classmethod
    def instead_of(cls, key: str, value: Any) -> str | None:
        """The help for the other keys of a target of kustomize."""
        if key in ("group", "version"):
            return "leave it out: the kind and the name are enough"
        if key in ("labelSelector", "annotationSelector"):
            return "a patch changes one object: write `kind:` and `name:`"
        return None


class PatchOperation(Section, defer_build=False):
    """One operation of a JSON patch (RFC 6902)."""

    op: Literal["add", "remove", "replace", "test", "move", "copy"] = Field(
        description="What it does at the path; `test` compares the value there."
    )
    path: str = Field(description="A JSON pointer, like `/spec/template/spec/hostname`.")
    value: Any = Field(default=None, description="The value to add, to put there, or to compare.")
    from_: str | None = Field(
        default=None, alias="from", description="The path to `move` or `copy` from."
    )

    def written(self) -> dict[str, Any]:
        """The operation as JSON Patch reads it: `value: null` is different from no value."""
        value = {"value": self.value} if "value" in self.model_fields_set else {}
        return {**super().written(), **value}


class Patch(Section, defer_build=False):
    """The escape hatch: JSON patch operations on one of the component's objects."""

    target: PatchTarget = Field(description="The object to change.")
    operations: ListOf[PatchOperation] = Field(
        min_length=1, description="The operations, in their order."
    )

    other_forms: ClassVar[frozenset[str]] = frozenset({"patch", "path"})

    @classmethod
    def instead_of(cls, key: str, value: Any) -> str | None:
        """The help for a patch of kustomize, which is a text of YAML or a file."""
        if key not in cls.other_forms:
            return None
        return "write `operations: [{op: ..., path: ..., value: ...}]`, the operations of a JSON 6902 patch"


class NamedSpec(Section):
    """Fields of everything that has a name in the spec."""

    namespace: Namespace | None = Field(
        default=None, description="Its namespace; default: the platform's."
    )
    bind: dict[str, str] = Field(
        default={}, description="The instance that serves each slot of this one."
    )
    labels: Labels = Field(default={}, description="Labels to put on all of its objects.")


class PlacedSpec(NamedSpec):
    """Fields of everything that has pods: the nodes that may run them, and the Secrets that pull their images."""

    node_selector: Labels = Field(default={}, description="Labels of the nodes that may run it.")
    node_affinity: NodeAffinity | None = Field(
        default=None, description="Conditions on the labels of nodes."
    )
    tolerations: ListOf[Toleration] = Field(default=(), description="Taints that it tolerates.")
    pull_secrets: ListOf[SecretName] = Field(
        default=(), description="Image pull Secrets, in addition to `registry.pullSecrets`."
    )
    priority_class: Name | None = Field(
        default=None, description="A PriorityClass that exists in the cluster."
    )


class InstanceSpec(NamedSpec):
    """Fields of every component."""

    type: str | None = Field(
        default=None, description="The component's type; default: the instance name."
    )
    patches: ListOf[Patch] = Field(default=(), description="JSON 6902 operations on its objects.")
    files: dict[str, Forms[str, dict[str, Any]]] = Field(
        default={}, description="Additions to its config files: lines, or keys of a file of YAML."
    )

    def idle(self) -> Mapping[str, str]:
        """The keys that change nothing, each with the key whose value takes away their effect."""
        return {}


Install = Annotated[
    Literal["existing", "vendored"],
    Field(
        description="`existing`: a prerequisite; `vendored`: `platformc vendor` brings the release."
    ),
]


class UpstreamSpec(InstanceSpec):
    """Fields of components whose objects are upstream's; the namespace is upstream's as well."""

    install: Install = "existing"


class ChartSpec(InstanceSpec):
    """Fields of components that upstream ships as Helm charts, which `vendor` does not render."""

    install: Literal["existing"] = Field(
        default="existing", description="Installed as a prerequisite, by its charts."
    )


class RunningSpec(InstanceSpec, PlacedSpec):
    """Fields of components with pods."""

    image: Image | None = Field(default=None, description="The image, with a tag or digest.")
    resources: Resources = Field(
        default=Resources(), description="Compute of each of its containers."
    )
    env: dict[EnvName, Forms[str, SecretKey]] = Field(
        default={},
        description="More variables of its containers: text, or `{secret: ..., key: ...}`.",
    )


class VolumeSpec(RunningSpec):
    """Fields of every component with a volume."""

    storage_class: Name | None = Field(
        default=None, description="The storage class of its volumes; default: that of `cluster`."
    )


class RecordSpec(VolumeSpec):
    """Fields of every component that holds the only copy of its data."""

    backup: OwnBackup | None = Field(
        default=None, description="Backups of this instance, if they differ from `spec.backup`."
    )
