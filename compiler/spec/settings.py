"""The language: what holds for a whole platform, and what it is called."""

from typing import Annotated, Literal

from msgspec import Meta, field

from compiler.spec.component import Amounts
from compiler.spec.constraints import Refusal, exact
from compiler.spec.section import Section
from compiler.spec.types import Cidr, Host, Name, Namespace, SecretName, TreePath


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
