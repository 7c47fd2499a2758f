"""The language of access from outside the cluster: certificates, logins, and pages for people."""

from typing import Annotated, Any, Literal

from pydantic import Field

from compiler.spec.authority import CertificatesOrFile
from compiler.spec.constraints import Exact, InvalidValue, Pattern
from compiler.spec.pem import PublicKeys
from compiler.spec.section import ListOf, Section
from compiler.spec.types import (
    HOST_PATTERN,
    Cidr,
    Duration,
    HostName,
    Image,
    Name,
    SecretName,
)

# The flags of oauth2-proxy separate groups by commas.
Group = Annotated[
    str,
    Pattern(
        r"[^\s\x00-\x1f\x7f,\"$](?:[^\x00-\x1f\x7f,\"$]*[^\s\x00-\x1f\x7f,\"$])?", "invalid-value",
        "the name of a group", "write it as the identity provider does, without `,`, `$` and quotes",
        example="ml-engineers",
    ),
]  # fmt: skip
Groups = ListOf[Group]
Rights = Literal["read", "write", "admin"]
IssuerUrl = Annotated[
    str,
    Pattern(
        rf"https://{HOST_PATTERN}(:[0-9]{{1,5}})?(/[\w.~/-]*)?", "invalid-value",
        "the URL of an issuer", "write it like `https://sso.example.internal/realms/ml`",
    ),
]  # fmt: skip


class Issuer(Section):
    """The cert-manager issuer that signs the certificate of the hosts."""

    name: Name = Field(description="Its name.")
    kind: Literal["ClusterIssuer", "Issuer"] = Field(
        default="ClusterIssuer", description="Its kind."
    )


class Tls(Section):
    """The source of the certificate: an issuer, or an existing Secret."""

    issuer: Issuer | None = Field(default=None, description="An issuer of cert-manager.")
    secret: SecretName | None = Field(
        default=None,
        description="A TLS Secret for `*.DOMAIN`, in the namespace of the gateway; with `ingress`, in each "
        "namespace with a host.",
    )

    @classmethod
    def instead_of(cls, key: str, value: Any) -> str | None:
        """The help for an issuer that is named by its kind."""
        if key not in ("clusterIssuer", "clusterIssuerName", "issuerName"):
            return None
        name = value.get("name") if isinstance(value, dict) else value
        return f"write `issuer: {{name: {name if isinstance(name, str) else '...'}}}`"

    def check(self) -> None:
        if (self.issuer is None) == (self.secret is None):
            message = "`tls` takes one of `issuer` and `secret`"
            raise InvalidValue("invalid-value", message, "write `tls: {secret: ml-tls}`")


class Client(Section):
    """The platform as a client of the identity provider."""

    id: Annotated[
        str,
        Field(min_length=1, description="Its ID at the identity provider."),
        Exact(r"[\x21-\x7e]+"),
    ]
    secret: SecretName | None = Field(
        default=None,
        description="A Secret of yours in the platform's namespace, with the client's secret as "
        "`client-secret`; default: `login-client`, by the provider of credentials.",
    )


class ProxySpec(Section):
    """oauth2-proxy before hosts, and the issuer of the identities that it asks for."""

    issuer: IssuerUrl = Field(description="The issuer's URL, as its tokens have it.")
    cidrs: ListOf[Cidr] = Field(
        default=(), description="The issuer's addresses; default: any, on its port."
    )
    ca: CertificatesOrFile | None = Field(
        default=None,
        description="The issuer's own authority: certificates (PEM), or `{file: certs/acme.pem}`; "
        "default: a public one.",
    )
    image: Image = Field(
        default="quay.io/oauth2-proxy/oauth2-proxy:v7.15.6",
        description="The image of oauth2-proxy.",
    )
    replicas: int = Field(default=1, ge=1, le=10, description="Its pods before each host.")

    @property
    def certificates(self) -> str:
        """The authority's certificates as text, once files are read; empty for a public authority."""
        return self.ca if isinstance(self.ca, str) else ""


class OpenIdLogin(ProxySpec):
    """A login by OpenID Connect before every page for people, by oauth2-proxy."""

    client: Client = Field(description="The client that is registered there.")
    groups: Groups = Field(
        default=(), description="Groups that may open the pages; default: all users of the issuer."
    )
    admins: Groups = Field(
        default=(), description="Groups that may open every page, whatever its own `groups` are."
    )
    groups_claim: Annotated[str, Exact(r"[\w.:/-]+")] = Field(
        default="groups", description="The claim of an ID token that lists the groups."
    )
    scopes: ListOf[Annotated[str, Exact(r"[\w.:/-]+")]] = Field(
        default=("openid", "email", "profile", "groups"),
        description="The scopes to ask for; an issuer may know no `groups`.",
    )
    session: Duration = Field(
        default="12h", description="The time after which people log in again."
    )


class Machines(ProxySpec):
    """The issuer of the tokens by which programs prove who they are, such as a cluster's."""

    keys: PublicKeys | None = Field(
        default=None,
        description="Its public keys (PEM), if the issuer gives them only to clients with a login, as most "
        "clusters do; default: oauth2-proxy asks the issuer.",
    )

    def check(self) -> None:
        for key in ("cidrs", "ca"):
            if self.keys is not None and getattr(self, key):
                message = f"`{key}` is for requests to the issuer, and with `keys` there are none"
                raise InvalidValue("invalid-value", message, "keep one of them", at=key)


class PageSpec(Section):
    """Fields of components with a page for people."""

    expose: bool | None = Field(
        default=None,
        description="Whether the gateway gives the page a host; default: where `spec.login` or "
        "the page itself asks for a login.",
    )
    public_host: HostName | None = Field(
        default=None, description="Its host; default: its name below `spec.domain`."
    )
    groups: Groups = Field(
        default=(), description="Groups that may open the page; default: those of `spec.login`."
    )

    @property
    def admitted(self) -> tuple[str, ...]:
        """The groups that may open the page, if its section names any."""
        return self.groups


class SignOnPageSpec(PageSpec):
    """Fields of pages that can ask the identity provider themselves."""

    sso: dict[Group, Rights] = Field(
        default={},
        description="Its own single sign-on by `spec.login`: groups that may open the page, each "
        "with its rights there; default: people log in there with a token.",
    )

    def check(self) -> None:
        super().check()
        if self.sso and self.groups:
            message = "the groups that may open the page are those of `sso`"
            raise InvalidValue("invalid-value", message, "keep one of them", at="groups")

    @property
    def admitted(self) -> tuple[str, ...]:
        return tuple(self.sso) or self.groups
