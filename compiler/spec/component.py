"""The language of components: the fields that several component types share.

Sections are closed at every level, strict about types, and frozen once parsed. The sections of component
types are in their folders and derive from `InstanceSpec` or `RunningSpec`. The small sections that nearly
every section contains have `defer_build=False`: pydantic builds them once, and not again for each.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from compiler.spec.backup import OwnBackup
from compiler.spec.constraints import Exact
from compiler.spec.labels import Labels
from compiler.spec.patch import Patch
from compiler.spec.placement import NodeAffinity, Toleration
from compiler.spec.section import Forms, ListOf, Section
from compiler.spec.types import Cpu, EnvName, Image, Memory, Name, Namespace, SecretName, Storage

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
