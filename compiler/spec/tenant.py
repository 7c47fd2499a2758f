"""The language: workloads, and what they have in common with models."""

from typing import Annotated, Literal

from pydantic import Field

from compiler.spec.component import (
    NamedSpec,
    NodeAffinity,
    Patch,
    Resources,
    SecretKey,
    Toleration,
)
from compiler.spec.constraints import InvalidValue, exact
from compiler.spec.labels import Labels
from compiler.spec.section import Forms, ListOf, Section
from compiler.spec.types import (
    Duration,
    EnvName,
    Image,
    Memory,
    Name,
    Schedule,
    SecretName,
)


class Gpus(Section):
    """GPUs, or slices of them."""

    count: Annotated[int, Field(ge=1, description="How many.")] = 1
    resource: Annotated[
        str,
        Field(
            pattern=exact(r"[a-z0-9.-]+/[A-Za-z0-9._-]+"),
            description="The device plugin's name of them, like `nvidia.com/mig-1g.10gb`.",
        ),
    ] = "nvidia.com/gpu"
    memory: Annotated[
        Memory | None, Field(description="Memory of each, against which `size` is held.")
    ] = None


class TenantSpec(NamedSpec):
    """Common fields of workloads and models."""

    env: Annotated[
        dict[EnvName, Forms[str, SecretKey]],
        Field(description="Variables of your own: text, or `{secret: ..., key: ...}`."),
    ] = {}
    args: Annotated[ListOf[str], Field(description="Its arguments, as a list.")] = ()
    gpu: Annotated[
        Forms[Annotated[int, Field(ge=0)], Gpus],
        Field(description="How many GPUs; or `{count: 1, resource: nvidia.com/mig-1g.10gb}`."),
    ] = 0
    priority_class: Annotated[
        Name | None, Field(description="A PriorityClass that exists in the cluster.")
    ] = None
    patches: Annotated[
        ListOf[Patch], Field(description="JSON 6902 operations on its objects.")
    ] = ()
    node_selector: Annotated[Labels, Field(description="Labels of the nodes that may run it.")] = {}
    node_affinity: Annotated[
        NodeAffinity | None, Field(description="Conditions on the labels of nodes.")
    ] = None
    tolerations: Annotated[ListOf[Toleration], Field(description="Taints tolerated.")] = ()
    pull_secrets: Annotated[
        ListOf[SecretName],
        Field(description="Image pull Secrets, in addition to `registry.pullSecrets`."),
    ] = ()

    @property
    def gpus(self) -> Gpus | None:
        """Its GPUs, in their long form; None where it has none."""
        if isinstance(self.gpu, Gpus):
            return self.gpu
        return Gpus(count=self.gpu) if self.gpu else None


class Mount(Section):
    """A volume of a workload: scratch space, or a claim, Secret or ConfigMap that exists."""

    mount_path: Annotated[str, Field(pattern=exact(r"/[^:]*"), description="Where it is mounted.")]
    claim: Annotated[Name | None, Field(description="An existing PersistentVolumeClaim.")] = None
    secret: Annotated[SecretName | None, Field(description="An existing Secret.")] = None
    config_map: Annotated[SecretName | None, Field(description="An existing ConfigMap.")] = None
    size: Annotated[Memory | None, Field(description="Size limit of an emptyDir; default 1Gi.")] = (
        None
    )

    def check(self) -> None:
        sources = {"claim": self.claim, "secret": self.secret, "configMap": self.config_map,
                   "size": self.size}  # fmt: skip
        given = [f"`{key}`" for key, value in sources.items() if value is not None]
        if len(given) > 1:
            message = f"a volume has one source, and this one has {' and '.join(given)}"
            raise InvalidValue(
                "invalid-value", message, "keep one of them, and add a volume for each other"
            )


class InitStep(Section):
    """A container that runs before the workload, with its variables and volumes."""

    image: Annotated[Image | None, Field(description="Default: the workload's.")] = None
    command: Annotated[ListOf[str], Field(description="The command, as a list.")] = ()
    args: Annotated[ListOf[str], Field(description="Its arguments, as a list.")] = ()


class WorkloadSpec(TenantSpec):
    """A program that runs: a training Job, a scheduled refresh."""

    image: Annotated[Image, Field(description="The image to run, with a tag or digest.")]
    command: Annotated[ListOf[str], Field(description="The command, as a list.")] = ()
    uses: Annotated[
        ListOf[str], Field(description="Instances whose client environment the pod gets.")
    ] = ()
    schedule: Annotated[Schedule | None, Field(description="A cron expression, in UTC.")] = None
    run: Annotated[
        Literal["once", "on-demand", "elsewhere"] | None,
        Field(
            description="`once`: a Job that runs when applied; `elsewhere`: pods of your own, which "
            "get its environment from its client kit; default: started by hand."
        ),
    ] = None
    service_account: Annotated[
        Name | None,
        Field(
            description="With `run: elsewhere`: the ServiceAccount of your pods. A strict mesh that "
            "does not know it lets in every account of their namespace."
        ),
    ] = None
    workflow: Annotated[
        bool, Field(description="Runs are Argo workflows, made from a template.")
    ] = False
    resources: Annotated[Resources, Field(description="Compute of the container.")] = Resources()
    timeout: Annotated[
        Duration | None, Field(description="How long a run may take; default 1d.")
    ] = None
    retries: Annotated[
        int, Field(ge=0, le=100, description="How often a failed run is tried again.")
    ] = 1
    user: Annotated[int, Field(ge=1, le=2**31 - 1, description="The numeric user to run as.")] = (
        1000
    )
    writable_root: Annotated[
        bool, Field(description="Let the container write to its image's files.")
    ] = False
    volumes: Annotated[dict[Name, Mount], Field(description="Volumes, by name.")] = {}
    init: Annotated[
        ListOf[InitStep], Field(description="Containers that run before it, one after another.")
    ] = ()
    completions: Annotated[
        int, Field(ge=1, description="Pods of a run, each with its JOB_COMPLETION_INDEX.")
    ] = 1
    parallelism: Annotated[
        Annotated[int, Field(ge=1)] | None,
        Field(description="How many of them run at once; default: all."),
    ] = None

    def check(self) -> None:
        if self.workflow and (self.completions > 1 or self.parallelism):
            message = "a workflow has no indexed pods"
            raise InvalidValue("unknown-value", message, "remove `completions` and `parallelism`")
        if self.workflow and self.run == "once":
            message = "a workflow is started by hand or by its schedule, never by being applied"
            raise InvalidValue("unknown-value", message, "remove `run: once`, or `workflow: true`")
        if self.service_account and self.run != "elsewhere":
            message = "platformc creates the ServiceAccount of a workload that it runs"
            raise InvalidValue("unknown-value", message, "remove `serviceAccount`")
