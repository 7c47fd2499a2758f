"""The language: what each section of `platform.yaml` may hold.

Closed at every level, strict about types, frozen once parsed. The sections of the components are
in their own folders and derive from `InstanceSpec` or `RunningSpec`.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType, field

from compiler.model.form import Refusal, exact
from compiler.model.section import Section
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


class InstanceSpec(Section):
    """What every component takes."""

    type: Annotated[
        str | None, Meta(description="The component's type; default: the instance name.")
    ] = None
    namespace: Annotated[
        Namespace | None, Meta(description="Its namespace; default: the platform's.")
    ] = None
    bind: Annotated[
        dict[str, str], Meta(description="Which instance serves a slot of this one.")
    ] = {}
    labels: Annotated[dict[str, str], Meta(description="Labels to put on all of its objects.")] = {}
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


class Mount(Section):
    """A volume of a workload: scratch space, or a claim that exists."""

    mount_path: Annotated[str, Meta(pattern=exact(r"/[^:]*"), description="Where it is mounted.")]
    claim: Annotated[Name | None, Meta(description="An existing PersistentVolumeClaim.")] = None
    size: Annotated[Memory | None, Meta(description="Limit of scratch space; default 1Gi.")] = None


class WorkloadSpec(Section):
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
    namespace: Annotated[
        Namespace | None, Meta(description="Its namespace; default: the platform's.")
    ] = None
    resources: Annotated[Resources, Meta(description="Compute of the container.")] = Resources()
    gpu: Annotated[int, Meta(ge=0, description="GPUs (nvidia.com/gpu).")] = 0
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
    node_selector: Annotated[
        dict[str, str], Meta(description="Labels of the nodes that may run it.")
    ] = {}
    tolerations: Annotated[tuple[Toleration, ...], Meta(description="Taints tolerated.")] = ()
    bind: Annotated[
        dict[str, str], Meta(description="Which instance serves a slot of this one.")
    ] = {}
    labels: Annotated[dict[str, str], Meta(description="Labels to put on all of its objects.")] = {}
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


class ModelSpec(Section):
    """Something served: one InferenceService behind a host of its own."""

    format: Annotated[str, Meta(description="The model format, like `xgboost` or `sklearn`.")]
    uri: Annotated[S3Uri, Meta(description="Where the model is stored.")]
    namespace: Annotated[
        Namespace | None, Meta(description="Its namespace; default: the platform's.")
    ] = None
    canary: Annotated[Canary | None, Meta(description="Traffic for the newest revision.")] = None
    min_replicas: Annotated[
        Annotated[int, Meta(ge=0)] | None, Meta(description="0 lets it scale to zero.")
    ] = None
    max_replicas: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="The most replicas.")
    ] = None
    size: Annotated[Memory | None, Meta(description="Size of the model's files.")] = None
    gpu: Annotated[int, Meta(ge=0, description="GPUs (nvidia.com/gpu).")] = 0
    resources: Annotated[Resources, Meta(description="Compute of the predictor.")] = Resources()
    timeout: Annotated[Duration | None, Meta(description="How long a request may take.")] = None
    runtime: Annotated[
        Name | None, Meta(description="A serving runtime, where several would do.")
    ] = None
    uses: Annotated[tuple[str, ...], Meta(description="Instances that it talks to.")] = ()
    node_selector: Annotated[
        dict[str, str], Meta(description="Labels of the nodes that may run it.")
    ] = {}
    tolerations: Annotated[tuple[Toleration, ...], Meta(description="Taints tolerated.")] = ()
    bind: Annotated[
        dict[str, str], Meta(description="Which instance serves a slot of this one.")
    ] = {}
    labels: Annotated[dict[str, str], Meta(description="Labels to put on all of its objects.")] = {}


class Dns(Section):
    """The cluster's DNS pods, which every pod may ask."""

    namespace: Namespace = "kube-system"
    labels: dict[str, str] = field(default_factory=lambda: {"k8s-app": "kube-dns"})
    addresses: Annotated[
        tuple[Cidr, ...], Meta(description="Of caches on the nodes, such as 169.254.20.10/32.")
    ] = ()


class Cluster(Section):
    """Facts of the cluster that no manifest can find out."""

    name: Annotated[
        Name | None, Meta(description="Environments with the same name share a cluster.")
    ] = None
    domain: Annotated[Host, Meta(description="The cluster's DNS domain.")] = "cluster.local"
    pod_cidrs: Annotated[tuple[Cidr, ...], Meta(description="Address ranges of the pods.")] = field(
        default=("10.0.0.0/8",), name="podCIDRs"
    )
    api_server: Annotated[
        tuple[Cidr, ...], Meta(description="Address ranges of the API server; default: any.")
    ] = ()
    storage_class: Annotated[
        Name | None, Meta(description="Of all volumes; default: the cluster's.")
    ] = None
    dns: Annotated[Dns, Meta(description="The cluster's DNS pods.")] = Dns()
    quotas: Annotated[
        dict[Namespace, Amounts],
        Meta(description="What ResourceQuotas admit of requests, by namespace."),
    ] = {}
    kubernetes: Annotated[
        Annotated[str, Meta(pattern=exact(r"1\.[0-9]{1,2}"))] | None,
        Meta(description="Its Kubernetes version, like `'1.34'`."),
    ] = None


class Store(Section, kw_only=True):
    """A store of External Secrets that exists, such as one of Vault."""

    kind: Annotated[
        Literal["ClusterSecretStore", "SecretStore"],
        Meta(description="`SecretStore`: one of that name in every namespace."),
    ] = "ClusterSecretStore"
    name: Annotated[SecretName, Meta(description="Its name.")]
    prefix: Annotated[
        Annotated[str, Meta(pattern=exact(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*"))] | None,
        Meta(
            description="What its keys begin with; default: the platform's and environment's names."
        ),
    ] = None


class Secrets(Section):
    """How credentials come to exist."""

    provider: Annotated[
        Literal["local", "existing", "external-secrets", "sealed-secrets", "sops"],
        Meta(
            description="`local`: `platformc secrets generate` makes them; `existing`: you make them; "
            "`external-secrets`: that operator does; `sealed-secrets`, `sops`: `secrets generate` "
            "writes ciphertext that Git may hold."
        ),
    ] = "local"
    store: Annotated[
        Store | None,
        Meta(
            description="With `external-secrets`: where values come from; default: made once, inside "
            "the cluster."
        ),
    ] = None
    certificate: Annotated[
        TreePath | None,
        Meta(
            description="With `sealed-secrets`: the file with the controller's certificate; default: "
            "kubeseal asks the cluster."
        ),
    ] = None

    def check(self) -> None:
        owners = {"store": "external-secrets", "certificate": "sealed-secrets"}
        for name, owner in owners.items():
            if getattr(self, name) is not None and self.provider != owner:
                message = f"`{name}` means nothing to the provider `{self.provider}`"
                help = f"write `provider: {owner}`, or leave it out"
                raise Refusal("invalid-value", message, help, at=name)


class Registry(Section):
    """Where images come from."""

    mirror: Annotated[
        Annotated[str, Meta(pattern=exact(r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._/-]*[a-z0-9])?"))]
        | None,
        Meta(description="A registry (and path) that holds every image under its full name."),
    ] = None
    pull_policy: Annotated[
        Literal["Always", "IfNotPresent"],
        Meta(
            description="`Always`: a node that has an image still asks whether the pod may have it; "
            "`IfNotPresent` suits images that are loaded onto the nodes by hand."
        ),
    ] = "Always"
    pull_secrets: Annotated[
        tuple[SecretName, ...], Meta(description="Names of existing image pull Secrets.")
    ] = ()


def _of_a_rule(code: str) -> str:
    from compiler.diagnostics import listing, suggestion
    from compiler.diagnostics.codes import CODES

    rules = [name for name, known in CODES.items() if known.rule]
    if code not in rules:
        reason = "can't be silenced" if code in CODES else "is no diagnostic's code"
        help = suggestion(code, rules) or (f"those that can be are {listing(rules)}",)
        raise Refusal("unknown-value", f"`{code}` {reason}", help[0])
    return code


RuleCode = Annotated[str, Meta(extra={"read": _of_a_rule})]


class Silence(Section, kw_only=True):
    """A finding of a rule that is meant to be so."""

    code: Annotated[RuleCode, Meta(description="The diagnostic's code.")]
    path: Annotated[
        str | None, Meta(description="Where, as a path from `spec.` on; default: everywhere.")
    ] = None
    reason: Annotated[str, Meta(min_length=1, description="Why it is meant to be so.")]


class Metadata(Section):
    """What the platform is called."""

    name: Annotated[Name, Meta(description="The platform's name.")]
    labels: Annotated[dict[str, str], Meta(description="Labels to put on all objects.")] = {}


class Settings(Section):
    """Everything in `spec` but the instances and the environments."""

    domain: Annotated[Host, Meta(description="UIs and models get hosts under it.")] = (
        "platform.local"
    )
    namespace: Annotated[Namespace, Meta(description="The namespace of what names no other.")] = (
        "mlops"
    )
    cluster: Annotated[Cluster, Meta(description="Facts of the cluster.")] = Cluster()
    secrets: Annotated[Secrets, Meta(description="How credentials come to exist.")] = Secrets()
    registry: Annotated[Registry, Meta(description="Where images come from.")] = Registry()
    silence: Annotated[
        tuple[Silence, ...], Meta(description="Findings of rules that are meant to be so.")
    ] = ()
    rendered: Annotated[bool, Meta(description="Write `out/<environment>/` on every compile.")] = (
        False
    )
