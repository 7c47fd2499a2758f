"""The language: settings of the whole platform, and its metadata."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from compiler.spec.backup import Backup
from compiler.spec.component import Amounts, Patch
from compiler.spec.constraints import InvalidValue, exact
from compiler.spec.door import Machines, OpenIdLogin, Tls
from compiler.spec.image import ANY, Mirrors
from compiler.spec.labels import Labels
from compiler.spec.move import Move
from compiler.spec.section import Forms, ListOf, Section
from compiler.spec.types import Cidr, Host, Name, Namespace, SecretName, TreePath


class Dns(Section):
    """The cluster's DNS pods, which every pod may query."""

    namespace: Namespace = "kube-system"
    labels: Labels = {"k8s-app": "kube-dns"}
    addresses: Annotated[
        ListOf[Cidr],
        Field(description="Addresses of DNS caches on the nodes, such as 169.254.20.10/32."),
    ] = ()


class Cluster(Section):
    """Properties of the cluster that the compiler cannot determine."""

    name: Annotated[
        Name | None, Field(description="Environments with the same name share a cluster.")
    ] = None
    domain: Annotated[Host, Field(description="The cluster's DNS domain.")] = "cluster.local"
    pod_cidrs: Annotated[
        ListOf[Cidr], Field(alias="podCIDRs", description="Address ranges of the pods.")
    ] = ("10.0.0.0/8",)
    api_server: Annotated[
        ListOf[Cidr], Field(description="Address ranges of the API server; default: any.")
    ] = ()
    storage_class: Annotated[
        Name | None, Field(description="The storage class of all volumes; default: the cluster's.")
    ] = None
    dns: Annotated[Dns, Field(description="The cluster's DNS pods.")] = Dns()
    quotas: Annotated[
        dict[Namespace, Amounts],
        Field(description="Requests that ResourceQuotas allow, by namespace."),
    ] = {}
    kubernetes: Annotated[
        Annotated[str, Field(pattern=exact(r"1\.[0-9]{1,2}"))] | None,
        Field(description="Its Kubernetes version, like `'1.34'`."),
    ] = None


class Store(Section):
    """An existing store of External Secrets, such as Vault."""

    kind: Annotated[
        Literal["ClusterSecretStore", "SecretStore"],
        Field(description="`SecretStore`: one of that name in every namespace."),
    ] = "ClusterSecretStore"
    name: Annotated[SecretName, Field(description="Its name.")]
    prefix: Annotated[
        Annotated[str, Field(pattern=exact(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*"))] | None,
        Field(
            description="The prefix of its keys; default: the platform's and environment's names."
        ),
    ] = None


class Secrets(Section):
    """The provider of credentials."""

    provider: Annotated[
        Literal["local", "existing", "external-secrets", "sealed-secrets", "sops"],
        Field(
            description="`local`: `platformc secrets generate` makes them; `existing`: you make them; "
            "`external-secrets`: the operator makes them; `sealed-secrets`, `sops`: `secrets generate` "
            "writes ciphertext that Git may hold."
        ),
    ] = "local"
    store: Annotated[
        Store | None,
        Field(
            description="With `external-secrets`: where values come from; default: made once, inside "
            "the cluster."
        ),
    ] = None
    certificate: Annotated[
        TreePath | None,
        Field(
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
                raise InvalidValue("invalid-value", message, help, at=name)


Mirror = Annotated[str, Field(pattern=exact(r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._/-]*[a-z0-9])?"))]
Upstream = Annotated[str, Field(pattern=exact(r"\*|[a-z0-9.-]+(:[0-9]+)?"))]


class Registry(Section):
    """The source of images."""

    mirror: Annotated[
        Forms[Mirror, dict[Upstream, Mirror]] | None,
        Field(
            description="A registry (and path) that holds every image under its full name; or one for "
            "each registry, such as `{docker.io: harbor.example.com/hub, '*': harbor.example.com/rest}`."
        ),
    ] = None
    pull_policy: Annotated[
        Literal["Always", "IfNotPresent"],
        Field(
            description="`Always`: a node asks the registry for permission even if it has the image; "
            "`IfNotPresent` suits images that are loaded onto the nodes by hand."
        ),
    ] = "Always"
    pull_secrets: Annotated[
        ListOf[SecretName], Field(description="Names of existing image pull Secrets.")
    ] = ()
    require_digests: Annotated[
        bool,
        Field(
            description="Refuse images without a digest; `platformc images --pin` asks the registries."
        ),
    ] = False

    releases: Annotated[
        str | None,
        Field(
            pattern=exact(r"https://[a-z0-9.-]+(:[0-9]+)?(/[\w.~/-]*)?"),
            description="A web server with upstream's releases and charts, a folder for each host: "
            "`prerequisites` names it in place of the hosts, and `vendor` fetches from it.",
        ),
    ] = None

    @property
    def mirrors(self) -> Mirrors:
        """The mirror of each registry; none where images come from upstream."""
        if isinstance(self.mirror, str):
            return {ANY: self.mirror}
        return self.mirror or {}


def _of_a_rule(code: str) -> str:
    from compiler.diagnostics import listing, suggestion
    from compiler.diagnostics.codes import CODES

    rules = [name for name, entry in CODES.items() if entry.rule]
    if code not in rules:
        reason = "can't be silenced" if code in CODES else "is no diagnostic's code"
        help = suggestion(code, rules) or (f"those that can be are {listing(rules)}",)
        raise InvalidValue("unknown-value", f"`{code}` {reason}", help[0])
    return code


RuleCode = Annotated[str, AfterValidator(_of_a_rule)]


class Silence(Section):
    """An accepted diagnostic of a rule."""

    code: Annotated[RuleCode, Field(description="The diagnostic's code.")]
    path: Annotated[
        str | None,
        Field(description="A path in the spec, starting with `spec.`; default: everywhere."),
    ] = None
    reason: Annotated[str, Field(min_length=1, description="Why you accept it.")]


class Metadata(Section):
    """The platform's name and labels."""

    name: Annotated[Name, Field(description="The platform's name.")]
    labels: Annotated[Labels, Field(description="Labels to put on all objects.")] = {}


class Settings(Section):
    """All keys of `spec` except the instances and the environments."""

    domain: Annotated[Host, Field(description="UIs and models get hosts under it.")] = (
        "platform.local"
    )
    namespace: Annotated[
        Namespace, Field(description="The namespace of instances that set no other.")
    ] = "mlops"
    tls: Annotated[
        Tls | None,
        Field(description="The certificate of the hosts; without it, they use plain HTTP."),
    ] = None
    login: Annotated[
        OpenIdLogin | None, Field(description="The login that every page for people asks for.")
    ] = None
    machines: Annotated[
        Machines | None,
        Field(description="The issuer of the tokens that models with `access: token` ask for."),
    ] = None
    cluster: Annotated[Cluster, Field(description="Facts of the cluster.")] = Cluster()
    secrets: Annotated[Secrets, Field(description="How credentials come to exist.")] = Secrets()
    registry: Annotated[Registry, Field(description="Where images come from.")] = Registry()
    backup: Annotated[
        Backup | None, Field(description="Copies of what the systems of record hold.")
    ] = None
    move: Annotated[
        Move | None, Field(description="A back end that takes the place of another one.")
    ] = None
    silence: Annotated[
        ListOf[Silence], Field(description="Diagnostics of rules that you accept.")
    ] = ()
    patches: Annotated[
        ListOf[Patch],
        Field(description="JSON 6902 operations on objects of no single instance: namespaces."),
    ] = ()
    rendered: Annotated[bool, Field(description="Write `out/<environment>/` on every compile.")] = (
        False
    )
