"""The language: what uses a platform's components, workloads and models."""

from typing import Annotated, Literal

from pydantic import Field

from compiler.spec.component import NamedSpec, Patch, Resources, Toleration
from compiler.spec.constraints import InvalidValue, exact
from compiler.spec.section import ListOf, Section
from compiler.spec.types import Duration, EnvName, Image, Memory, Name, S3Uri, Schedule


class TenantSpec(NamedSpec):
    """What workloads and models take alike."""

    gpu: Annotated[int, Field(ge=0, description="GPUs (nvidia.com/gpu).")] = 0
    node_selector: Annotated[
        dict[str, str], Field(description="Labels of the nodes that may run it.")
    ] = {}
    tolerations: Annotated[ListOf[Toleration], Field(description="Taints tolerated.")] = ()


class Mount(Section):
    """A volume of a workload: scratch space, or a claim that exists."""

    mount_path: Annotated[str, Field(pattern=exact(r"/[^:]*"), description="Where it is mounted.")]
    claim: Annotated[Name | None, Field(description="An existing PersistentVolumeClaim.")] = None
    size: Annotated[Memory | None, Field(description="Limit of scratch space; default 1Gi.")] = None


class WorkloadSpec(TenantSpec):
    """Something that runs: a training Job, a scheduled refresh."""

    image: Annotated[Image, Field(description="The image to run, with a tag or digest.")]
    command: Annotated[ListOf[str], Field(description="The command, as a list.")] = ()
    args: Annotated[ListOf[str], Field(description="Its arguments, as a list.")] = ()
    env: Annotated[dict[EnvName, str], Field(description="Variables of your own.")] = {}
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
    patches: Annotated[ListOf[Patch], Field(description="JSON 6902 operations.")] = ()

    def check(self) -> None:
        if self.workflow and self.run == "once":
            message = "a workflow is started by hand or by its schedule, never by being applied"
            raise InvalidValue("unknown-value", message, "remove `run: once`, or `workflow: true`")
        if self.service_account and self.run != "elsewhere":
            message = "a workload that platformc runs has a ServiceAccount of its own"
            raise InvalidValue("unknown-value", message, "remove `serviceAccount`")


class Canary(Section):
    """A share of the traffic for the newest revision of a model."""

    percent: Annotated[int, Field(ge=1, le=99, description="Percent of the requests.")]
    previous: Annotated[
        S3Uri | None,
        Field(
            description="Where the version before is stored, for a system that keeps none itself."
        ),
    ] = None


class ModelSpec(TenantSpec):
    """Something served: one InferenceService behind a host of its own."""

    format: Annotated[str, Field(description="The model format, like `xgboost` or `sklearn`.")]
    uri: Annotated[S3Uri, Field(description="Where the model is stored.")]
    canary: Annotated[Canary | None, Field(description="Traffic for the newest revision.")] = None
    min_replicas: Annotated[
        Annotated[int, Field(ge=0)] | None, Field(description="0 lets it scale to zero.")
    ] = None
    max_replicas: Annotated[
        Annotated[int, Field(ge=1)] | None, Field(description="The most replicas.")
    ] = None
    size: Annotated[Memory | None, Field(description="Size of the model's files.")] = None
    resources: Annotated[Resources, Field(description="Compute of the predictor.")] = Resources()
    timeout: Annotated[Duration | None, Field(description="How long a request may take.")] = None
    runtime: Annotated[
        Name | None, Field(description="A serving runtime, where several would do.")
    ] = None
    uses: Annotated[ListOf[str], Field(description="Instances that it talks to.")] = ()
