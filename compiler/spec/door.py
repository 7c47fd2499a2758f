"""The language: the door, by which requests enter the platform from outside the cluster."""

from typing import Annotated, Literal

from pydantic import Field

from compiler.spec.constraints import InvalidValue, Pattern
from compiler.spec.pem import Certificates, PublicKeys
from compiler.spec.section import ListOf, Section
from compiler.spec.types import (
    HOST_PATTERN,
    Cidr,
    Duration,
    Host,
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
IssuerUrl = Annotated[
    str,
    Pattern(
        rf"https://{HOST_PATTERN}(:[0-9]{{1,5}})?(/[\w.~/-]*)?", "invalid-value",
        "the URL of an issuer", "write it like `https://sso.example.internal/realms/ml`",
    ),
]  # fmt: skip


class Issuer(Section):
    """The cert-manager issuer that signs the certificate of the hosts."""

    name: Annotated[Name, Field(description="Its name.")]
    kind: Annotated[Literal["ClusterIssuer", "Issuer"], Field(description="Its kind.")] = (
        "ClusterIssuer"
    )


class Tls(Section):
    """The source of the certificate: an issuer, or an existing Secret."""

    issuer: Annotated[Issuer | None, Field(description="An issuer of cert-manager.")] = None
    secret: Annotated[
        SecretName | None,
        Field(description="A TLS Secret for `*.DOMAIN`, in the namespace of the gateway."),
    ] = None

    def check(self) -> None:
        if (self.issuer is None) == (self.secret is None):
            message = "`tls` takes one of `issuer` and `secret`"
            raise InvalidValue("invalid-value", message, "write `tls: {secret: ml-tls}`")


class Client(Section):
    """The platform as a client of the identity provider."""

    id: Annotated[
        str,
        Field(
            min_length=1, pattern=r"^[\x21-\x7e]+$", description="Its ID at the identity provider."
        ),
    ]
    secret: Annotated[
        SecretName | None,
        Field(
            description="A Secret of yours in the platform's namespace, with the client's secret as "
            "`client-secret`; default: `login-client`, by the provider of credentials."
        ),
    ] = None


class ProxySpec(Section):
    """oauth2-proxy before hosts, and the issuer of the identities that it asks for."""

    issuer: Annotated[IssuerUrl, Field(description="The issuer's URL, as its tokens have it.")]
    cidrs: Annotated[
        ListOf[Cidr], Field(description="The issuer's addresses; default: any, on its port.")
    ] = ()
    ca: Annotated[
        Certificates | None,
        Field(description="Certificates (PEM) of the issuer's authority; default: a public one's."),
    ] = None
    image: Annotated[Image, Field(description="The image of oauth2-proxy.")] = (
        "quay.io/oauth2-proxy/oauth2-proxy:v7.15.6"
    )
    replicas: Annotated[int, Field(ge=1, le=10, description="Its pods before each host.")] = 1


class OpenIdLogin(ProxySpec):
    """A login by OpenID Connect before every page for people, by oauth2-proxy."""

    client: Annotated[Client, Field(description="The client that is registered there.")]
    groups: Annotated[
        Groups,
        Field(description="Groups that may open the pages; default: all users of the issuer."),
    ] = ()
    admins: Annotated[
        Groups, Field(description="Groups that may open every page, whatever its own `groups` are.")
    ] = ()
    groups_claim: Annotated[
        str,
        Field(
            pattern=r"^[\w.:/-]+$", description="The claim of an ID token that lists the groups."
        ),
    ] = "groups"
    scopes: Annotated[
        ListOf[Annotated[str, Field(pattern=r"^[\w.:/-]+$")]],
        Field(description="The scopes to ask for; an issuer may know no `groups`."),
    ] = ("openid", "email", "profile", "groups")
    session: Annotated[Duration, Field(description="The time after which people log in again.")] = (
        "12h"
    )


class Machines(ProxySpec):
    """The issuer of the tokens by which programs prove who they are, such as a cluster's."""

    keys: Annotated[
        PublicKeys | None,
        Field(
            description="Its public keys (PEM), if it answers nobody without a login, as most clusters; "
            "default: oauth2-proxy asks it for them."
        ),
    ] = None

    def check(self) -> None:
        for key in ("cidrs", "ca"):
            if self.keys is not None and getattr(self, key):
                message = f"`{key}` is for requests to the issuer, which `keys` spares"
                raise InvalidValue("invalid-value", message, "keep one of them", at=key)


class PageSpec(Section):
    """Fields of components with a page for people."""

    expose: Annotated[
        bool | None,
        Field(
            description="Whether the gateway gives the page a host; default: where `spec.login` or "
            "the page itself asks for a login."
        ),
    ] = None
    public_host: Annotated[
        Host | None, Field(description="Its host; default: its name below `spec.domain`.")
    ] = None
    groups: Annotated[
        Groups, Field(description="Groups that may open the page; default: those of `spec.login`.")
    ] = ()
