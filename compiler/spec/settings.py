"""The language of the platform's settings and metadata."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from compiler.spec.access import Machines, OpenIdLogin, Tls
from compiler.spec.backup import Backup
from compiler.spec.component import GPU_WORDS, Amounts
from compiler.spec.constraints import Exact, InvalidValue
from compiler.spec.image import ANY, Mirrors
from compiler.spec.labels import Labels
from compiler.spec.move import Move
from compiler.spec.patch import Patch
from compiler.spec.section import Forms, ListOf, Section
from compiler.spec.types import Cidr, Domain, Name, Namespace, SecretName, TreePath

CLUSTER_DOMAIN = "cluster.local"  # of most clusters


class Dns(Section):
    """The cluster's DNS pods, which every pod may query."""

    namespace: Namespace = "kube-system"
    labels: Labels = {"k8s-app": "kube-dns"}
    addresses: ListOf[Cidr] = Field(
        default=(), description="Addresses of DNS caches on the nodes, such as 169.254.20.10/32."
    )


class Quota(Amounts):
    """Requests that an existing ResourceQuota allows; a missing amount is not compared."""

    @classmethod
    def instead_of(cls, key: str, value: Any) -> str | None:
        """The help for other amounts of a ResourceQuota."""
        name = key.removeprefix("requests.").replace("ephemeral-storage", "ephemeralStorage")
        if name in ("cpu", "memory", "ephemeralStorage"):
            return f"write `{name}: {value}`: the amounts are those of requests"
        if key == "hard" or isinstance(value, dict):
            return "write the amounts here: `{cpu: ..., memory: ...}`"
        if key in GPU_WORDS or key == "pods" or "." in key or "/" in key:
            return (
                "leave it out: only requests of `cpu`, `memory` and `ephemeralStorage` are compared"
            )
        return None


class Cluster(Section):
    """Properties of the cluster that the compiler cannot determine."""

    name: Name | None = Field(
        default=None, description="Environments with the same name share a cluster."
    )
    domain: Domain = Field(default=CLUSTER_DOMAIN, description="The cluster's DNS domain.")
    pod_cidrs: ListOf[Cidr] = Field(
        default=("10.0.0.0/8",), alias="podCIDRs", description="Address ranges of the pods."
    )
    api_server: ListOf[Cidr] = Field(
        default=(), description="Address ranges of the API server; default: any."
    )
    storage_class: Name | None = Field(
        default=None, description="The storage class of all volumes; default: the cluster's."
    )
    dns: Dns = Field(default=Dns(), description="The cluster's DNS pods.")
    quotas: dict[Namespace, Quota] = Field(
        default={},
        description="Requests that ResourceQuotas of yours allow, by namespace. They are only compared with the "
        "pods' requests: platformc writes no ResourceQuota.",
    )
    kubernetes: Annotated[str, Exact(r"1\.[0-9]{1,2}")] | None = Field(
        default=None, description="Its Kubernetes version, like `'1.34'`."
    )


class Store(Section):
    """An existing store of External Secrets, such as Vault."""

    kind: Literal["ClusterSecretStore", "SecretStore"] = Field(
        default="ClusterSecretStore",
        description="`SecretStore`: one of that name in every namespace.",
    )
    name: SecretName = Field(description="Its name.")
    prefix: Annotated[str, Exact(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")] | None = Field(
        default=None,
        description="The prefix of its keys; default: the platform's and environment's names.",
    )


class Secrets(Section):
    """The provider of credentials."""

    provider: Literal["local", "existing", "external-secrets", "sealed-secrets", "sops"] = Field(
        default="local",
        description="`local`: `platformc secrets generate` makes them; `existing`: you make them; "
        "`external-secrets`: the operator makes them; `sealed-secrets`, `sops`: `secrets generate` "
        "writes ciphertext that Git may hold.",
    )
    store: Store | None = Field(
        default=None,
        description="With `external-secrets`: where values come from; default: made once, inside "
        "the cluster.",
    )
    certificate: TreePath | None = Field(
        default=None,
        description="With `sealed-secrets`: the file with the controller's certificate; default: "
        "kubeseal asks the cluster.",
    )

    @property
    def are_generated(self) -> bool:
        """Whether `platformc secrets generate` makes the values, as files or as ciphertext."""
        return self.provider in ("local", "sealed-secrets", "sops")

    @property
    def are_stored_outside(self) -> bool:
        """Whether the values are in a place to which platformc does not write, and a person chooses them."""
        return self.provider == "existing" or self.store is not None

    def check(self) -> None:
        owners = {"store": "external-secrets", "certificate": "sealed-secrets"}
        for name, owner in owners.items():
            if getattr(self, name) is not None and self.provider != owner:
                message = f"`{name}` means nothing to the provider `{self.provider}`"
                help = f"write `provider: {owner}`, or leave it out"
                raise InvalidValue("invalid-value", message, help, at=name)


Mirror = Annotated[str, Exact(r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._/-]*[a-z0-9])?")]
Upstream = Annotated[str, Exact(r"\*|[a-z0-9.-]+(:[0-9]+)?")]


class Registry(Section):
    """The source of images."""

    mirror: Forms[Mirror, dict[Upstream, Mirror]] | None = Field(
        default=None,
        description="A registry (and path) that holds every image under its full name; or one for "
        "each registry, such as `{docker.io: harbor.example.com/hub, '*': harbor.example.com/rest}`.",
    )
    pull_policy: Literal["Always", "IfNotPresent"] = Field(
        default="Always",
        description="`Always`: a node asks the registry for permission even if it has the image; "
        "`IfNotPresent` suits images that are loaded onto the nodes by hand.",
    )
    pull_secrets: ListOf[SecretName] = Field(
        default=(), description="Names of existing image pull Secrets."
    )
    require_digests: bool = Field(
        default=False,
        description="Refuse images without a digest; `platformc images --pin` asks the registries.",
    )

    releases: Annotated[str, Exact(r"https://[a-z0-9.-]+(:[0-9]+)?(/[\w.~/-]*)?")] | None = Field(
        default=None,
        description="A web server with upstream's releases and charts, a folder for each host: "
        "`prerequisites` names it in place of the hosts, and `vendor` fetches from it.",
    )

    def check(self) -> None:
        """Refuse a name that no image begins with: a registry's name has a dot or a port."""
        names = self.mirror if isinstance(self.mirror, dict) else {}
        for name in names:
            if name not in (ANY, "localhost") and "." not in name and ":" not in name:
                message = f"`{name}` is no registry's name: that has a dot or a port"
                meant = "docker.io" if "docker" in name or "hub" in name else "REGISTRY"
                help = f"write `{meant}: {names[name]}`; `{ANY}` stands for all other registries"
                raise InvalidValue("invalid-value", message, help, at="mirror")

    @property
    def mirrors(self) -> Mirrors:
        """The mirror of each registry; empty if images come from upstream."""
        if isinstance(self.mirror, str):
            return {ANY: self.mirror}
        return self.mirror or {}


def _of_a_rule(code: str) -> str:
    """Refuse a code that no rule has: other diagnostics cannot be silenced."""
    from compiler.diagnostics.codes import CODES
    from compiler.diagnostics.words import listing, suggestion

    rules = [name for name, entry in CODES.items() if entry.rule]
    if code not in rules:
        reason = "can't be silenced" if code in CODES else "is no diagnostic's code"
        help = suggestion(code, rules) or (f"those that can be are {listing(rules)}",)
        raise InvalidValue("unknown-value", f"`{code}` {reason}", help[0])
    return code


RuleCode = Annotated[str, AfterValidator(_of_a_rule)]


class Silence(Section):
    """An accepted diagnostic of a rule."""

    code: RuleCode = Field(description="The diagnostic's code.")
    path: str | None = Field(
        default=None, description="A path in the spec, starting with `spec.`; default: everywhere."
    )
    reason: str = Field(min_length=1, description="Why you accept it.")


class Metadata(Section):
    """The platform's name and labels."""

    name: Name = Field(description="The platform's name.")
    labels: Labels = Field(default={}, description="Labels to put on all objects.")


class Settings(Section):
    """All keys of `spec` except the instances and the environments."""

    domain: Domain = Field(
        default="platform.local", description="UIs and models get hosts under it."
    )
    namespace: Namespace = Field(
        default="mlops", description="The namespace of instances that set no other."
    )
    tls: Tls | None = Field(
        default=None, description="The certificate of the hosts; without it, they use plain HTTP."
    )
    login: OpenIdLogin | None = Field(
        default=None, description="The login that every page for people asks for."
    )
    machines: Machines | None = Field(
        default=None,
        description="The issuer of the tokens that models with `access: token` ask for.",
    )
    cluster: Cluster = Field(default=Cluster(), description="Facts of the cluster.")
    secrets: Secrets = Field(default=Secrets(), description="How the credentials are made.")
    registry: Registry = Field(default=Registry(), description="Where images come from.")
    backup: Backup | None = Field(
        default=None,
        description="Scheduled copies of the platform's databases and buckets, in another store.",
    )
    move: Move | None = Field(
        default=None, description="A back end that takes the place of another one."
    )
    silence: ListOf[Silence] = Field(
        default=(), description="Findings of rules that you accept, each with your reason."
    )
    patches: ListOf[Patch] = Field(
        default=(),
        description="JSON 6902 operations on objects that belong to no single instance, such as namespaces.",
    )
    rendered: bool = Field(
        default=False, description="Write `out/<environment>/` on every compile."
    )
