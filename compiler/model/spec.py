"""The language: what each section of `platform.yaml` may hold.

Closed at every level, strict about types, frozen once parsed. The sections of the components are
in their own folders and derive from `InstanceSpec` or `RunningSpec`.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic.alias_generators import to_camel

from compiler.model.form import refusal
from compiler.model.words import (
    Cidr,
    Cpu,
    Duration,
    EnvName,
    Host,
    Image,
    Memory,
    Name,
    Namespace,
    S3Uri,
    Schedule,
    SecretName,
    TreePath,
)


class Section(BaseModel):
    """A closed, strict, frozen map; keys are written in camelCase."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        alias_generator=to_camel,
        serialize_by_alias=True,
        defer_build=True,
    )


class Amounts(Section):
    """Amounts of compute; what is left out is the component's own default."""

    cpu: Cpu | None = Field(None, description="Processors, like `500m` or `2`.")
    memory: Memory | None = Field(None, description="Memory, like `512Mi` or `4Gi`.")
    ephemeral_storage: Memory | None = Field(None, description="Local disk, like `1Gi`.")


class Resources(Section):
    """Compute that each container gets; each amount set here replaces the component's own."""

    requests: Amounts = Field(Amounts(), description="What the scheduler sets aside.")
    limits: Amounts = Field(Amounts(), description="What a container may not exceed.")


class Toleration(Section):
    """A taint that the pods may be scheduled onto, as Kubernetes writes it."""

    key: str | None = None
    operator: Literal["Exists", "Equal"] | None = None
    value: str | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: int | None = Field(None, ge=0)


class PatchTarget(Section):
    """The one object of the component that a patch changes."""

    kind: str = Field(description="Its kind, like `Deployment`.")
    name: str = Field(description="Its name.")


class PatchOperation(Section):
    """One JSON 6902 operation."""

    op: Literal["add", "remove", "replace", "test", "move", "copy"]
    path: str = Field(description="A JSON pointer, like `/spec/template/spec/hostname`.")
    value: Any = None
    from_: str | None = Field(None, alias="from")


class Patch(Section):
    """The escape hatch: JSON 6902 operations on one of the component's objects."""

    target: PatchTarget
    operations: tuple[PatchOperation, ...] = Field(min_length=1, strict=False)


class InstanceSpec(Section):
    """What every component takes."""

    type: str | None = Field(None, description="The component's type; default: the instance name.")
    namespace: Namespace | None = Field(None, description="Its namespace; default: the platform's.")
    bind: dict[str, str] = Field({}, description="Which instance serves a slot of this one.")
    labels: dict[str, str] = Field({}, description="Labels to put on all of its objects.")
    patches: tuple[Patch, ...] = Field(
        (), strict=False, description="JSON 6902 operations on its objects."
    )


class UpstreamSpec(InstanceSpec):
    """What every component takes that upstream ships whole; its namespace is upstream's."""

    install: Literal["existing", "vendored"] = Field(
        "existing",
        description="`existing`: a prerequisite; `vendored`: `platformc vendor` brings the release.",
    )


class ChartSpec(InstanceSpec):
    """What every component takes that upstream ships as charts: `vendor` renders none."""

    install: Literal["existing"] = Field("existing", description="A prerequisite, by its charts.")


class RunningSpec(InstanceSpec):
    """What every component with pods of its own takes."""

    image: Image | None = Field(None, description="The image, with a tag or digest.")
    resources: Resources = Field(Resources(), description="Compute of each of its containers.")
    node_selector: dict[str, str] = Field({}, description="Labels of the nodes that may run it.")
    tolerations: tuple[Toleration, ...] = Field(
        (), strict=False, description="Taints that it tolerates."
    )


class Mount(Section):
    """A volume of a workload: scratch space, or a claim that exists."""

    mount_path: str = Field(description="Where it is mounted.", pattern=r"^/[^:]*$")
    claim: Name | None = Field(None, description="An existing PersistentVolumeClaim.")
    size: Memory | None = Field(None, description="Limit of scratch space; default 1Gi.")


class WorkloadSpec(Section):
    """Something that runs: a training Job, a scheduled refresh."""

    image: Image = Field(description="The image to run, with a tag or digest.")
    command: tuple[str, ...] = Field((), strict=False, description="The command, as a list.")
    args: tuple[str, ...] = Field((), strict=False, description="Its arguments, as a list.")
    env: dict[EnvName, str] = Field({}, description="Variables of your own.")
    uses: tuple[str, ...] = Field(
        (), strict=False, description="Instances whose client environment the pod gets."
    )
    schedule: Schedule | None = Field(None, description="A cron expression, in UTC.")
    run: Literal["once", "on-demand", "elsewhere"] | None = Field(
        None,
        description="`once`: a Job that runs when applied; `elsewhere`: pods of your own, which "
        "get its environment from its client kit; default: started by hand.",
    )
    workflow: bool = Field(False, description="Runs are Argo workflows, made from a template.")
    namespace: Namespace | None = Field(None, description="Its namespace; default: the platform's.")
    resources: Resources = Field(Resources(), description="Compute of the container.")
    gpu: int = Field(0, ge=0, description="GPUs (nvidia.com/gpu).")
    timeout: Duration | None = Field(None, description="How long a run may take; default 1d.")
    retries: int = Field(1, ge=0, le=100, description="How often a failed run is tried again.")
    user: int = Field(1000, ge=1, le=2**31 - 1, description="The numeric user to run as.")
    writable_root: bool = Field(False, description="Let the container write to its image's files.")
    volumes: dict[Name, Mount] = Field({}, description="Volumes, by name.")
    node_selector: dict[str, str] = Field({}, description="Labels of the nodes that may run it.")
    tolerations: tuple[Toleration, ...] = Field((), strict=False, description="Taints tolerated.")
    bind: dict[str, str] = Field({}, description="Which instance serves a slot of this one.")
    labels: dict[str, str] = Field({}, description="Labels to put on all of its objects.")
    patches: tuple[Patch, ...] = Field((), strict=False, description="JSON 6902 operations.")

    @model_validator(mode="after")
    def _one_way_to_run(self) -> Self:
        if self.workflow and self.run == "once":
            message = "a workflow is started by hand or by its schedule, never by being applied"
            raise refusal("unknown-value", message, "remove `run: once`, or `workflow: true`")
        return self


class Canary(Section):
    """A share of the traffic for the newest revision of a model."""

    percent: int = Field(ge=1, le=99, description="Percent of the requests.")
    previous: S3Uri | None = Field(
        None, description="Where the version before is stored, for a system that keeps none itself."
    )


class ModelSpec(Section):
    """Something served: one InferenceService behind a host of its own."""

    format: str = Field(description="The model format, like `xgboost` or `sklearn`.")
    uri: S3Uri = Field(description="Where the model is stored.")
    namespace: Namespace | None = Field(None, description="Its namespace; default: the platform's.")
    canary: Canary | None = Field(None, description="Traffic for the newest revision.")
    min_replicas: int | None = Field(None, ge=0, description="0 lets it scale to zero.")
    max_replicas: int | None = Field(None, ge=1, description="The most replicas.")
    size: Memory | None = Field(None, description="Size of the model's files.")
    gpu: int = Field(0, ge=0, description="GPUs (nvidia.com/gpu).")
    resources: Resources = Field(Resources(), description="Compute of the predictor.")
    timeout: Duration | None = Field(None, description="How long a request may take.")
    runtime: Name | None = Field(None, description="A serving runtime, where several would do.")
    uses: tuple[str, ...] = Field((), strict=False, description="Instances that it talks to.")
    node_selector: dict[str, str] = Field({}, description="Labels of the nodes that may run it.")
    tolerations: tuple[Toleration, ...] = Field((), strict=False, description="Taints tolerated.")
    bind: dict[str, str] = Field({}, description="Which instance serves a slot of this one.")
    labels: dict[str, str] = Field({}, description="Labels to put on all of its objects.")


class Dns(Section):
    """The cluster's DNS pods, which every pod may ask."""

    namespace: Namespace = "kube-system"
    labels: dict[str, str] = {"k8s-app": "kube-dns"}
    addresses: tuple[Cidr, ...] = Field(
        (), strict=False, description="Of caches on the nodes, such as 169.254.20.10/32."
    )


class Cluster(Section):
    """Facts of the cluster that no manifest can find out."""

    name: Name | None = Field(None, description="Environments with the same name share a cluster.")
    domain: Host = Field("cluster.local", description="The cluster's DNS domain.")
    pod_cidrs: tuple[Cidr, ...] = Field(
        ("10.0.0.0/8",), alias="podCIDRs", strict=False, description="Address ranges of the pods."
    )
    api_server: tuple[Cidr, ...] = Field(
        (), strict=False, description="Address ranges of the API server; default: any."
    )
    storage_class: Name | None = Field(None, description="Of all volumes; default: the cluster's.")
    dns: Dns = Field(Dns(), description="The cluster's DNS pods.")
    quotas: dict[Namespace, Amounts] = Field(
        {}, description="What ResourceQuotas admit of requests, by namespace."
    )
    kubernetes: str | None = Field(
        None, pattern=r"^1\.[0-9]{1,2}$", description="Its Kubernetes version, like `'1.34'`."
    )


class Store(Section):
    """A store of External Secrets that exists, such as one of Vault."""

    kind: Literal["ClusterSecretStore", "SecretStore"] = Field(
        "ClusterSecretStore", description="`SecretStore`: one of that name in every namespace."
    )
    name: SecretName = Field(description="Its name.")
    prefix: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$",
        description="What its keys begin with; default: the platform's and environment's names.",
    )


class Secrets(Section):
    """How credentials come to exist."""

    provider: Literal["local", "existing", "external-secrets", "sealed-secrets", "sops"] = Field(
        "local",
        description="`local`: `platformc secrets generate` makes them; `existing`: you make them; "
        "`external-secrets`: that operator does; `sealed-secrets`, `sops`: `secrets generate` "
        "writes ciphertext that Git may hold.",
    )
    store: Store | None = Field(
        None,
        description="With `external-secrets`: where values come from; default: made once, inside "
        "the cluster.",
    )
    certificate: TreePath | None = Field(
        None,
        description="With `sealed-secrets`: the file with the controller's certificate; default: "
        "kubeseal asks the cluster.",
    )

    @field_validator("store", "certificate")
    @classmethod
    def _of_this_provider(cls, value: Any, info: ValidationInfo) -> Any:
        owner = {"store": "external-secrets", "certificate": "sealed-secrets"}[str(info.field_name)]
        provider = info.data.get("provider")
        if value is not None and provider not in (None, owner):
            message = f"`{info.field_name}` means nothing to the provider `{provider}`"
            raise refusal("invalid-value", message, f"write `provider: {owner}`, or leave it out")
        return value


class Registry(Section):
    """Where images come from."""

    mirror: str | None = Field(
        None,
        pattern=r"^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._/-]*[a-z0-9])?$",
        description="A registry (and path) that holds every image under its full name.",
    )
    pull_policy: Literal["Always", "IfNotPresent"] = Field(
        "Always",
        description="`Always`: a node that has an image still asks whether the pod may have it; "
        "`IfNotPresent` suits images that are loaded onto the nodes by hand.",
    )
    pull_secrets: tuple[SecretName, ...] = Field(
        (), strict=False, description="Names of existing image pull Secrets."
    )


class Silence(Section):
    """A finding of a rule that is meant to be so."""

    code: str = Field(description="The diagnostic's code.")
    path: str | None = Field(
        None, description="Where, as a path from `spec.` on; default: everywhere."
    )
    reason: str = Field(min_length=1, description="Why it is meant to be so.")

    @field_validator("code")
    @classmethod
    def _of_a_rule(cls, code: str) -> str:
        from compiler.diagnostics import listing, suggestion
        from compiler.diagnostics.codes import CODES

        rules = [name for name, known in CODES.items() if known.rule]
        if code not in rules:
            reason = "can't be silenced" if code in CODES else "is no diagnostic's code"
            help = suggestion(code, rules) or (f"those that can be are {listing(rules)}",)
            raise refusal("unknown-value", f"`{code}` {reason}", help[0])
        return code


class Metadata(Section):
    """What the platform is called."""

    name: Name = Field(description="The platform's name.")
    labels: dict[str, str] = Field({}, description="Labels to put on all objects.")


class Settings(Section):
    """Everything in `spec` but the instances and the environments."""

    domain: Host = Field("platform.local", description="UIs and models get hosts under it.")
    namespace: Namespace = Field("mlops", description="The namespace of what names no other.")
    cluster: Cluster = Field(Cluster(), description="Facts of the cluster.")
    secrets: Secrets = Field(Secrets(), description="How credentials come to exist.")
    registry: Registry = Field(Registry(), description="Where images come from.")
    silence: tuple[Silence, ...] = Field(
        (), strict=False, description="Findings of rules that are meant to be so."
    )
    rendered: bool = Field(False, description="Write `out/<environment>/` on every compile.")
