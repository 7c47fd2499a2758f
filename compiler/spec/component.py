"""The language: what every component may say of itself.

Closed at every level, strict about types, frozen once parsed. The sections of the components are
in their own folders and derive from `InstanceSpec` or `RunningSpec`. Those that nearly every section
holds are built at once: pydantic then builds each but once, and not again for every section.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from compiler.spec.backup import OwnBackup
from compiler.spec.constraints import InvalidValue, exact
from compiler.spec.labels import LabelKey, Labels, LabelValue
from compiler.spec.section import Forms, ListOf, Section
from compiler.spec.types import Cpu, EnvName, Image, Memory, Name, Namespace, SecretName


class Amounts(Section, defer_build=False):
    """Amounts of CPU, memory and disk; a missing one has the component's default."""

    cpu: Annotated[Cpu | None, Field(description="Processors, like `500m` or `2`.")] = None
    memory: Annotated[Memory | None, Field(description="Memory, like `512Mi` or `4Gi`.")] = None
    ephemeral_storage: Annotated[Memory | None, Field(description="Local disk, like `1Gi`.")] = None


class Resources(Section, defer_build=False):
    """Resources of each container; each amount that is set replaces the component's default."""

    requests: Annotated[Amounts, Field(description="Amounts that the scheduler reserves.")] = (
        Amounts()
    )
    limits: Annotated[Amounts, Field(description="Amounts that a container may not exceed.")] = (
        Amounts()
    )


class SecretKey(Section, defer_build=False):
    """One key of a Secret that exists in the namespace."""

    secret: Annotated[SecretName, Field(description="The Secret's name.")]
    key: Annotated[str, Field(pattern=exact(r"[-._a-zA-Z0-9]+"), description="A key of its data.")]


class Toleration(Section, defer_build=False):
    """A taint that the pods tolerate, in Kubernetes' syntax."""

    key: str | None = None
    operator: Literal["Exists", "Equal"] | None = None
    value: str | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: Annotated[int, Field(ge=0)] | None = None


class NodeRule(Section, defer_build=False):
    """A condition on a label of nodes, in Kubernetes' words."""

    key: Annotated[LabelKey, Field(description="The label, like `topology.kubernetes.io/zone`.")]
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"] = "In"
    values: Annotated[
        ListOf[LabelValue], Field(description="Values to compare with; none for `Exists`.")
    ] = ()

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
    """A condition that good nodes meet."""

    weight: Annotated[int, Field(ge=1, le=100, description="Its weight among the others.")] = 100


class NodeAffinity(Section, defer_build=False):
    """The nodes that may run pods, where `nodeSelector` does not say enough."""

    required: Annotated[
        ListOf[NodeRule], Field(description="Conditions that a node must meet, all of them.")
    ] = ()
    preferred: Annotated[
        ListOf[NodePreference], Field(description="Conditions that better nodes meet.")
    ] = ()

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

    kind: Annotated[str, Field(description="Its kind, like `Deployment`.")]
    name: Annotated[str, Field(description="Its name.")]
    namespace: Annotated[
        Namespace | None, Field(description="Its namespace, where several have the name.")
    ] = None


class PatchOperation(Section, defer_build=False):
    """One operation of a JSON patch (RFC 6902)."""

    op: Literal["add", "remove", "replace", "test", "move", "copy"]
    path: Annotated[str, Field(description="A JSON pointer, like `/spec/template/spec/hostname`.")]
    value: Any = None
    from_: Annotated[str | None, Field(alias="from")] = None

    def written(self) -> dict[str, Any]:
        """The operation as JSON Patch reads it: `value: null` is different from no value."""
        value = {"value": self.value} if "value" in self.model_fields_set else {}
        return {**super().written(), **value}


class Patch(Section, defer_build=False):
    """The escape hatch: JSON patch operations on one of the component's objects."""

    target: PatchTarget
    operations: Annotated[ListOf[PatchOperation], Field(min_length=1)]


class NamedSpec(Section):
    """Fields of everything that has a name in the spec."""

    namespace: Annotated[
        Namespace | None, Field(description="Its namespace; default: the platform's.")
    ] = None
    bind: Annotated[
        dict[str, str], Field(description="The instance that serves each slot of this one.")
    ] = {}
    labels: Annotated[Labels, Field(description="Labels to put on all of its objects.")] = {}


class InstanceSpec(NamedSpec):
    """Fields of every component."""

    type: Annotated[
        str | None, Field(description="The component's type; default: the instance name.")
    ] = None
    patches: Annotated[
        ListOf[Patch], Field(description="JSON 6902 operations on its objects.")
    ] = ()
    files: Annotated[
        dict[str, Forms[str, dict[str, Any]]],
        Field(description="Additions to its config files: lines, or keys of a file of YAML."),
    ] = {}


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

    install: Annotated[
        Literal["existing"], Field(description="Installed as a prerequisite, by its charts.")
    ] = "existing"


class RunningSpec(InstanceSpec):
    """Fields of components with pods."""

    image: Annotated[Image | None, Field(description="The image, with a tag or digest.")] = None
    resources: Annotated[Resources, Field(description="Compute of each of its containers.")] = (
        Resources()
    )
    env: Annotated[
        dict[EnvName, Forms[str, SecretKey]],
        Field(description="More variables of its containers: text, or `{secret: ..., key: ...}`."),
    ] = {}
    node_selector: Annotated[Labels, Field(description="Labels of the nodes that may run it.")] = {}
    node_affinity: Annotated[
        NodeAffinity | None, Field(description="Conditions on the labels of nodes.")
    ] = None
    tolerations: Annotated[ListOf[Toleration], Field(description="Taints that it tolerates.")] = ()
    pull_secrets: Annotated[
        ListOf[SecretName],
        Field(description="Image pull Secrets, in addition to `registry.pullSecrets`."),
    ] = ()
    priority_class: Annotated[
        Name | None, Field(description="A PriorityClass that exists in the cluster.")
    ] = None


class VolumeSpec(RunningSpec):
    """Fields of every component with a volume."""

    storage_class: Annotated[
        Name | None,
        Field(description="The storage class of its volumes; default: that of `cluster`."),
    ] = None


class RecordSpec(VolumeSpec):
    """Fields of every component that holds the only copy of its data."""

    backup: Annotated[
        OwnBackup | None, Field(description="What differs from `spec.backup` for it.")
    ] = None
