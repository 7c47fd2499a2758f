"""The language: what uses a platform's components, workloads and models."""

from typing import Annotated, Literal

from msgspec import Meta

from compiler.spec.component import NamedSpec, Patch, Resources, Toleration
from compiler.spec.constraints import Refusal, exact
from compiler.spec.section import Section
from compiler.spec.types import Duration, EnvName, Image, Memory, Name, S3Uri, Schedule


class TenantSpec(NamedSpec):
    """What workloads and models take alike."""

    gpu: Annotated[int, Meta(ge=0, description="GPUs (nvidia.com/gpu).")] = 0
    node_selector: Annotated[
        dict[str, str], Meta(description="Labels of the nodes that may run it.")
    ] = {}
    tolerations: Annotated[tuple[Toleration, ...], Meta(description="Taints tolerated.")] = ()


class Mount(Section):
    """A volume of a workload: scratch space, or a claim that exists."""

    mount_path: Annotated[str, Meta(pattern=exact(r"/[^:]*"), description="Where it is mounted.")]
    claim: Annotated[Name | None, Meta(description="An existing PersistentVolumeClaim.")] = None
    size: Annotated[Memory | None, Meta(description="Limit of scratch space; default 1Gi.")] = None


class WorkloadSpec(TenantSpec, kw_only=True):
    """Something that runs: a training Job, a scheduled refresh."""

    image: Annotated[Image, Meta(description="The image to run, with a tag or digest.")]
    command: Annotated[tuple[str, ...], Meta(description="The command, as a list.")] = ()
    args: Annotated[tuple[str, ...], Meta(description="Its arguments, as a list.")] = ()
    env: Annotated[dict[EnvName, str], Meta(description="Variables of your own.")] = {}
    uses: Annotated[
        tuple[str, ...], Meta(description="Instances whose client environment the pod gets.")
    ] = ()
    schedule: Annotated[Schedule | None, Meta(description="A cron expression, in UTC.")] = None
    run: Annotated[
        Literal["once", "on-demand", "elsewhere"] | None,
        Meta(
            description="`once`: a Job that runs when applied; `elsewhere`: pods of your own, which "
            "get its environment from its client kit; default: started by hand."
        ),
    ] = None
    service_account: Annotated[
        Name | None,
        Meta(
            description="With `run: elsewhere`: the ServiceAccount of your pods. A strict mesh that "
            "does not know it lets in every account of their namespace."
        ),
    ] = None
    workflow: Annotated[
        bool, Meta(description="Runs are Argo workflows, made from a template.")
    ] = False
    resources: Annotated[Resources, Meta(description="Compute of the container.")] = Resources()
    timeout: Annotated[
        Duration | None, Meta(description="How long a run may take; default 1d.")
    ] = None
    retries: Annotated[
        int, Meta(ge=0, le=100, description="How often a failed run is tried again.")
    ] = 1
    user: Annotated[int, Meta(ge=1, le=2**31 - 1, description="The numeric user to run as.")] = 1000
    writable_root: Annotated[
        bool, Meta(description="Let the container write to its image's files.")
    ] = False
    volumes: Annotated[dict[Name, Mount], Meta(description="Volumes, by name.")] = {}
    patches: Annotated[tuple[Patch, ...], Meta(description="JSON 6902 operations.")] = ()

    def check(self) -> None:
        if self.workflow and self.run == "once":
            message = "a workflow is started by hand or by its schedule, never by being applied"
            raise Refusal("unknown-value", message, "remove `run: once`, or `workflow: true`")
        if self.service_account and self.run != "elsewhere":
            message = "a workload that platformc runs has a ServiceAccount of its own"
            raise Refusal("unknown-value", message, "remove `serviceAccount`")


class Canary(Section):
    """A share of the traffic for the newest revision of a model."""

    percent: Annotated[int, Meta(ge=1, le=99, description="Percent of the requests.")]
    previous: Annotated[
        S3Uri | None,
        Meta(
            description="Where the version before is stored, for a system that keeps none itself."
        ),
    ] = None


class ModelSpec(TenantSpec, kw_only=True):
    """Something served: one InferenceService behind a host of its own."""

    format: Annotated[str, Meta(description="The model format, like `xgboost` or `sklearn`.")]
    uri: Annotated[S3Uri, Meta(description="Where the model is stored.")]
    canary: Annotated[Canary | None, Meta(description="Traffic for the newest revision.")] = None
    min_replicas: Annotated[
        Annotated[int, Meta(ge=0)] | None, Meta(description="0 lets it scale to zero.")
    ] = None
    max_replicas: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="The most replicas.")
    ] = None
    size: Annotated[Memory | None, Meta(description="Size of the model's files.")] = None
    resources: Annotated[Resources, Meta(description="Compute of the predictor.")] = Resources()
    timeout: Annotated[Duration | None, Meta(description="How long a request may take.")] = None
    runtime: Annotated[
        Name | None, Meta(description="A serving runtime, where several would do.")
    ] = None
    uses: Annotated[tuple[str, ...], Meta(description="Instances that it talks to.")] = ()
