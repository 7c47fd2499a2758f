"""The language: what every component may say of itself.

Closed at every level, strict about types, frozen once parsed. The sections of the components are
in their own folders and derive from `InstanceSpec` or `RunningSpec`.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType, field

from compiler.spec.section import Section
from compiler.spec.types import Cpu, Image, Memory, Namespace


class Amounts(Section):
    """Amounts of compute; what is left out is the component's own default."""

    cpu: Annotated[Cpu | None, Meta(description="Processors, like `500m` or `2`.")] = None
    memory: Annotated[Memory | None, Meta(description="Memory, like `512Mi` or `4Gi`.")] = None
    ephemeral_storage: Annotated[Memory | None, Meta(description="Local disk, like `1Gi`.")] = None


class Resources(Section):
    """Compute that each container gets; each amount set here replaces the component's own."""

    requests: Annotated[Amounts, Meta(description="What the scheduler sets aside.")] = Amounts()
    limits: Annotated[Amounts, Meta(description="What a container may not exceed.")] = Amounts()


class Toleration(Section):
    """A taint that the pods may be scheduled onto, as Kubernetes writes it."""

    key: str | None = None
    operator: Literal["Exists", "Equal"] | None = None
    value: str | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: Annotated[int, Meta(ge=0)] | None = None


class PatchTarget(Section):
    """The one object of the component that a patch changes."""

    kind: Annotated[str, Meta(description="Its kind, like `Deployment`.")]
    name: Annotated[str, Meta(description="Its name.")]


class PatchOperation(Section):
    """One JSON 6902 operation."""

    op: Literal["add", "remove", "replace", "test", "move", "copy"]
    path: Annotated[str, Meta(description="A JSON pointer, like `/spec/template/spec/hostname`.")]
    value: Any | UnsetType = UNSET
    from_: str | None = field(default=None, name="from")


class Patch(Section):
    """The escape hatch: JSON 6902 operations on one of the component's objects."""

    target: PatchTarget
    operations: Annotated[tuple[PatchOperation, ...], Meta(min_length=1)]


class NamedSpec(Section):
    """What everything takes that the spec gives a name."""

    namespace: Annotated[
        Namespace | None, Meta(description="Its namespace; default: the platform's.")
    ] = None
    bind: Annotated[
        dict[str, str], Meta(description="Which instance serves a slot of this one.")
    ] = {}
    labels: Annotated[dict[str, str], Meta(description="Labels to put on all of its objects.")] = {}


class InstanceSpec(NamedSpec):
    """What every component takes."""

    type: Annotated[
        str | None, Meta(description="The component's type; default: the instance name.")
    ] = None
    patches: Annotated[
        tuple[Patch, ...], Meta(description="JSON 6902 operations on its objects.")
    ] = ()


Install = Annotated[
    Literal["existing", "vendored"],
    Meta(
        description="`existing`: a prerequisite; `vendored`: `platformc vendor` brings the release."
    ),
]


class UpstreamSpec(InstanceSpec):
    """What every component takes that upstream ships whole; its namespace is upstream's."""

    install: Install = "existing"


class ChartSpec(InstanceSpec):
    """What every component takes that upstream ships as charts: `vendor` renders none."""

    install: Annotated[Literal["existing"], Meta(description="A prerequisite, by its charts.")] = (
        "existing"
    )


class RunningSpec(InstanceSpec):
    """What every component with pods of its own takes."""

    image: Annotated[Image | None, Meta(description="The image, with a tag or digest.")] = None
    resources: Annotated[Resources, Meta(description="Compute of each of its containers.")] = (
        Resources()
    )
    node_selector: Annotated[
        dict[str, str], Meta(description="Labels of the nodes that may run it.")
    ] = {}
    tolerations: Annotated[
        tuple[Toleration, ...], Meta(description="Taints that it tolerates.")
    ] = ()
