"""The language of `workloads`, and of the fields that workloads and models share."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from compiler.spec.component import (
    NamedSpec,
    NodeAffinity,
    Patch,
    Resources,
    SecretKey,
    Toleration,
)
from compiler.spec.constraints import Exact, InvalidValue
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

    count: int = Field(default=1, ge=1, description="How many.")
    resource: Annotated[str, Exact(r"[a-z0-9.-]+/[A-Za-z0-9._-]+")] = Field(
        default="nvidia.com/gpu",
        description="The device plugin's name of them, like `nvidia.com/mig-1g.10gb`.",
    )
    memory: Memory | None = Field(
        default=None, description="Memory of each, against which `size` is held."
    )


class TenantSpec(NamedSpec):
    """Common fields of workloads and models."""

    env: dict[EnvName, Forms[str, SecretKey]] = Field(
        default={}, description="Variables of your own: text, or `{secret: ..., key: ...}`."
    )
    args: ListOf[str] = Field(default=(), description="Its arguments, as a list.")
    gpu: Forms[Annotated[int, Field(ge=0)], Gpus] = Field(
        default=0, description="How many GPUs; or `{count: 1, resource: nvidia.com/mig-1g.10gb}`."
    )
    priority_class: Name | None = Field(
        default=None, description="A PriorityClass that exists in the cluster."
    )
    patches: ListOf[Patch] = Field(default=(), description="JSON 6902 operations on its objects.")
    node_selector: Labels = Field(default={}, description="Labels of the nodes that may run it.")
    node_affinity: NodeAffinity | None = Field(
        default=None, description="Conditions on the labels of nodes."
    )
    tolerations: ListOf[Toleration] = Field(default=(), description="Taints tolerated.")
    pull_secrets: ListOf[SecretName] = Field(
        default=(), description="Image pull Secrets, in addition to `registry.pullSecrets`."
    )

    @property
    def gpus(self) -> Gpus | None:
        """Its GPUs in their long form, or None."""
        if isinstance(self.gpu, Gpus):
            return self.gpu
        return Gpus(count=self.gpu) if self.gpu else None


class Mount(Section):
    """A volume of a workload: scratch space, or a claim, Secret or ConfigMap that exists."""

    mount_path: Annotated[str, Exact(r"/[^:]*")] = Field(description="Where it is mounted.")
    claim: Name | None = Field(default=None, description="An existing PersistentVolumeClaim.")
    secret: SecretName | None = Field(default=None, description="An existing Secret.")
    config_map: SecretName | None = Field(default=None, description="An existing ConfigMap.")
    size: Memory | None = Field(default=None, description="Size limit of an emptyDir; default 1Gi.")

    def check(self) -> None:
        sources = {"claim": self.claim, "secret": self.secret, "configMap": self.config_map,
                   "size": self.size}  # fmt: skip
        keys = [f"`{key}`" for key, value in sources.items() if value is not None]
        if len(keys) > 1:
            message = f"a volume has one source, and this one has {' and '.join(keys)}"
            raise InvalidValue(
                "invalid-value",
                message,
                "keep one of them, and add another volume for each of the others",
            )


class InitStep(Section):
    """A container that runs before the workload, with its variables and volumes."""

    image: Image | None = Field(default=None, description="Default: the workload's.")
    command: ListOf[str] = Field(default=(), description="The command, as a list.")
    args: ListOf[str] = Field(default=(), description="Its arguments, as a list.")


# The same as `WorkloadSpec.check`, for editors.
_ELSEWHERE: JsonDict = {"required": ["run"], "properties": {"run": {"const": "elsewhere"}}}
_IMAGE: JsonDict = {"if": _ELSEWHERE, "then": {}, "else": {"required": ["image"]}}


class WorkloadSpec(TenantSpec):
    """A program that runs: a training Job, a scheduled refresh."""

    model_config = ConfigDict(json_schema_extra=_IMAGE)

    image: Image | None = Field(
        default=None,
        description="The image to run, with a tag or digest; required, except with `run: elsewhere`.",
    )
    command: ListOf[str] = Field(default=(), description="The command, as a list.")
    uses: ListOf[str] = Field(
        default=(), description="Instances whose client environment the pod gets."
    )
    schedule: Schedule | None = Field(default=None, description="A cron expression, in UTC.")
    run: Literal["once", "on-demand", "elsewhere"] | None = Field(
        default=None,
        description="`once`: a Job that runs when applied; `elsewhere`: pods of your own, which "
        "get its environment from its client kit; default: started by hand.",
    )
    service_account: Name | None = Field(
        default=None,
        description="With `run: elsewhere`: the ServiceAccount of your pods. A strict mesh that "
        "does not know it lets in every account of their namespace.",
    )
    workflow: bool = Field(
        default=False, description="Runs are Argo workflows, made from a template."
    )
    resources: Resources = Field(default=Resources(), description="Compute of the container.")
    timeout: Duration | None = Field(
        default=None, description="How long a run may take; default 1d."
    )
    retries: int = Field(
        default=1, ge=0, le=100, description="How often a failed run is tried again."
    )
    user: int = Field(default=1000, ge=1, le=2**31 - 1, description="The numeric user to run as.")
    writable_root: bool = Field(
        default=False, description="Let the container write to its image's files."
    )
    volumes: dict[Name, Mount] = Field(default={}, description="Volumes, by name.")
    init: ListOf[InitStep] = Field(
        default=(), description="Containers that run before it, one after another."
    )
    completions: int = Field(
        default=1, ge=1, description="Pods of a run, each with its JOB_COMPLETION_INDEX."
    )
    parallelism: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="How many of them run at once; default: all."
    )

    def check(self) -> None:
        if self.image is None and self.run != "elsewhere":
            message = "a workload that platformc runs has an image, which is missing"
            help = "add `image:` with a tag or digest, or `run: elsewhere` for pods of your own"
            raise InvalidValue("missing-key", message, help)
        if self.workflow and (self.completions > 1 or self.parallelism):
            message = "a workflow has no indexed pods"
            raise InvalidValue("unknown-value", message, "remove `completions` and `parallelism`")
        if self.workflow and self.run == "once":
            message = "a workflow is started by hand or by its schedule, never by being applied"
            raise InvalidValue("unknown-value", message, "remove `run: once`, or `workflow: true`")
        if self.service_account and self.run != "elsewhere":
            message = "platformc creates the ServiceAccount of a workload that it runs"
            raise InvalidValue("unknown-value", message, "remove `serviceAccount`")
