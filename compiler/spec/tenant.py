"""The language of `workloads`, and of the fields that workloads and models share."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from compiler.spec.component import PlacedSpec, Resources, SecretKey
from compiler.spec.constraints import Exact, InvalidValue
from compiler.spec.patch import Patch
from compiler.spec.section import Forms, ListOf, Section, fields
from compiler.spec.types import (
    MOST_INT64,
    Duration,
    EnvName,
    Image,
    Name,
    Positive,
    Schedule,
    SecretName,
    Storage,
)

# The most pods of an indexed Job at once (Kubernetes 1.36, pkg/apis/batch/validation).
MOST_PODS_AT_ONCE = 100_000


class Gpus(Section):
    """GPUs, or slices of them."""

    count: int = Field(default=1, ge=1, le=MOST_INT64, description="How many.")
    resource: Annotated[str, Exact(r"[a-z0-9.-]+/[A-Za-z0-9._-]+")] = Field(
        default="nvidia.com/gpu",
        description="The device plugin's name of them, like `nvidia.com/mig-1g.10gb`.",
    )
    memory: Storage | None = Field(
        default=None, description="Memory of each GPU; platformc compares `size` with it."
    )


class TenantSpec(PlacedSpec):
    """Common fields of workloads and models."""

    env: dict[EnvName, Forms[str, SecretKey]] = Field(
        default={}, description="Variables of your own: text, or `{secret: ..., key: ...}`."
    )
    args: ListOf[str] = Field(default=(), description="Its arguments, as a list.")
    gpu: Forms[Annotated[int, Field(ge=0, le=MOST_INT64)], Gpus] = Field(
        default=0, description="How many GPUs; or `{count: 1, resource: nvidia.com/mig-1g.10gb}`."
    )
    patches: ListOf[Patch] = Field(default=(), description="JSON 6902 operations on its objects.")

    @property
    def gpus(self) -> Gpus | None:
        """Its GPUs in their long form, or None."""
        if isinstance(self.gpu, Gpus):
            return self.gpu
        return Gpus(count=self.gpu) if self.gpu else None


class Mount(Section):
    """A volume of a workload: scratch space, or a claim, Secret or ConfigMap that exists."""

    mount_path: Annotated[str, Exact(r"/[^:]*")] = Field(
        description="The folder where it is mounted, like `/data`."
    )
    claim: Name | None = Field(default=None, description="An existing PersistentVolumeClaim.")
    secret: SecretName | None = Field(default=None, description="An existing Secret.")
    config_map: SecretName | None = Field(default=None, description="An existing ConfigMap.")
    size: Storage | None = Field(
        default=None, description="Scratch space of this size, without another source; default 1Gi."
    )
    in_memory: bool = Field(
        default=False,
        description="Keep the scratch space in memory, such as `/dev/shm`; it counts towards the memory limit.",
    )

    @property
    def scratch(self) -> str:
        """The size of its scratch space; empty if it has another source."""
        return "" if self.claim or self.secret or self.config_map else self.size or "1Gi"

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
        if self.in_memory and not self.scratch:
            message = f"only scratch space can be in memory, and this volume has {keys[0]}"
            raise InvalidValue("unknown-value", message, "remove `inMemory: true`", at="inMemory")


class InitStep(Section):
    """A container that runs before the workload, with its variables and volumes."""

    image: Image | None = Field(default=None, description="Default: the workload's.")
    command: ListOf[str] = Field(default=(), description="The command, as a list.")
    args: ListOf[str] = Field(default=(), description="Its arguments, as a list.")


# The keys that have an effect on a workload whose pods the user runs, and two more: older specs have an
# `image`, and a rule is about `schedule` beside any `run`.
_OF_OWN_PODS = ("run", "uses", "serviceAccount", "namespace", "bind", "labels", "patches", "image",
                "schedule")  # fmt: skip
_ELSEWHERE: JsonDict = {"required": ["run"], "properties": {"run": {"const": "elsewhere"}}}


def _checked(schema: JsonDict) -> None:
    """Add what `WorkloadSpec.check` checks to the schema, for editors."""
    properties = schema["properties"]
    assert isinstance(properties, dict)
    without_effect: JsonDict = {key: False for key in properties if key not in _OF_OWN_PODS}
    schema["if"], schema["then"] = _ELSEWHERE, {"properties": without_effect}
    schema["else"] = {"required": ["image"]}
    schema["dependencies"] = {"parallelism": ["completions"]}


class WorkloadSpec(TenantSpec):
    """A program that runs: a training Job, a scheduled refresh."""

    model_config = ConfigDict(json_schema_extra=_checked)

    image: Image | None = Field(
        default=None,
        description="The image to run, with a tag or digest; required, except with `run: elsewhere`.",
    )
    command: ListOf[str] = Field(default=(), description="The command, as a list.")
    uses: ListOf[str] = Field(
        default=(),
        description="Instances whose client environment the pod gets, and models that it calls; "
        "`platformc env NAME` prints the variables.",
    )
    schedule: Schedule | None = Field(default=None, description="A cron expression, in UTC.")
    run: Literal["once", "on-demand", "elsewhere"] | None = Field(
        default=None,
        description="`once`: a Job that runs when applied; `elsewhere`: pods of your own, which "
        "get its environment from its client kit; default: on its `schedule`, or else started by hand, by "
        "a command that `platformc apply-plan` prints.",
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
    user: Positive = Field(default=1000, description="The numeric user to run as.")
    writable_root: bool = Field(
        default=False, description="Let the container write to its image's files."
    )
    volumes: dict[Name, Mount] = Field(default={}, description="Volumes, by name.")
    init: ListOf[InitStep] = Field(
        default=(), description="Containers that run before it, one after another."
    )
    completions: Positive = Field(
        default=1, description="Pods of a run, each with its JOB_COMPLETION_INDEX."
    )
    parallelism: Annotated[int, Field(ge=1, le=MOST_PODS_AT_ONCE)] | None = Field(
        default=None,
        description="How many of its `completions` run at once; default: all, up to 100000.",
    )

    def check(self) -> None:
        if self.run == "elsewhere":
            self._check_elsewhere()
            return
        if self.image is None:
            message = "a workload that platformc runs has an image, which is missing"
            help = "add `image:` with a tag or digest, or `run: elsewhere` for pods of your own"
            raise InvalidValue("missing-key", message, help)
        if self.workflow:
            self._check_workflow()
        if self.parallelism and "completions" not in self.model_fields_set:
            message = (
                "`parallelism` limits the pods of `completions`, and without it a run has one pod"
            )
            help = "add `completions:`, the number of pods of a run, or remove `parallelism`"
            raise InvalidValue("missing-key", message, help, at="parallelism")
        if self.service_account:
            message = "platformc creates the ServiceAccount of a workload that it runs"
            raise InvalidValue("unknown-value", message, "remove `serviceAccount`")

    def _check_elsewhere(self) -> None:
        """Refuse the keys that only pods of platformc's own have."""
        written = [key for name, key, _ in fields(type(self)) if name in self.model_fields_set]
        without_effect = [key for key in written if key not in _OF_OWN_PODS]
        if without_effect:
            listed = ", ".join(f"`{key}`" for key in without_effect)
            message = (
                f"you run the pods of `run: elsewhere`, and these have no effect on them: {listed}"
            )
            help = f"remove {listed} here, and write the same into the manifests of these pods"
            raise InvalidValue("unknown-value", message, help, at=without_effect[0])

    def _check_workflow(self) -> None:
        if self.completions > 1 or self.parallelism:
            message = "a workflow has no indexed pods"
            raise InvalidValue("unknown-value", message, "remove `completions` and `parallelism`")
        if self.run == "once":
            message = "a workflow is started by hand or by its schedule, never by being applied"
            raise InvalidValue("unknown-value", message, "remove `run: once`, or `workflow: true`")
