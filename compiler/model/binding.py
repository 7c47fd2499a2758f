"""Define requirements and offers: slots, claims, offers, and the bindings that join them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, Self

from msgspec import Struct
from msgspec.structs import replace
from typing_extensions import TypeVar

from compiler.model.authority import Authority
from compiler.model.client_certificate import CertificateFiles, ClientCertificates
from compiler.model.credential import Credential, ExistingLogin, ExistingLogins
from compiler.model.instance import USES, Instance
from compiler.model.resource import Env, Hop, OperatorPods, SecretRef

# `Binding` and `Endpoint` without arguments accept any claim and offer.
C_co = TypeVar("C_co", bound="Claim", default="Claim", covariant=True)
O_co = TypeVar("O_co", bound="Offer", default="Offer", covariant=True)
E_co = TypeVar("E_co", bound="Endpoint", covariant=True)


AUTHORITIES = "/etc/platformc-ca"


def authority(provider: str) -> str:
    """The path of the certificates that verify a provider, in pods."""
    return f"{AUTHORITIES}/{provider}.crt"


class Claim(Struct, frozen=True, kw_only=True):
    """A consumer's request to a provider. Each interface has a subclass."""

    noun: ClassVar[str] = "data"  # the kind of data that `keeps` names, for messages

    shared: bool = False  # whether other consumers may claim the same resource
    pooled: bool = True  # whether the consumer works behind a pooler
    provider: str | None = None  # the default provider, unless `bind` names another instance
    optional: bool = False  # whether a missing provider is no error
    outside: bool = False  # whether clients outside the cluster use it too, at the provider's route
    help: str = ""  # how to write the spec if nothing provides it, instead of the list of types
    # How to write the spec if the consumer's program trusts no authority of it.
    untrusting: str = ""
    guards: bool = False  # whether requests from outside the cluster pass the consumer first

    @property
    def resources(self) -> tuple[str, ...]:
        """The names that the claim reserves at the provider: a database, buckets."""
        return ()

    @property
    def keeps(self) -> tuple[str, ...]:
        """The names, or patterns, of the data that the consumer keeps at the provider."""
        return self.resources

    @property
    def opens(self) -> tuple[str, ...]:
        """The names, or patterns, of the data that the consumer can read at the provider."""
        return self.keeps

    def merged(self, second: Self) -> Self | None:
        """One claim for both, if one connection can serve them; else None."""
        return self if self == second else None


class Offer(Struct, frozen=True, kw_only=True):
    """A provider's offer. Interfaces may have a subclass."""

    port: int = 0  # the Service's port; 0 if there is no server and the offer is only configuration
    target: int | None = None  # the pods' port, if it differs from the Service's
    service: str | None = None  # the Service's name, if it is not the instance's
    role: str = "server"  # the role of the pods behind the Service
    pods: Mapping[str, str] | None = None  # the labels of the pods, if an operator creates them
    hops: tuple[Hop, ...] = ()  # the pods that requests may pass on their way to the server
    # The host and port of the Service by which a name of the server leads to it, if its own Service selects
    # no pods: `kubectl port-forward` then has to open this one.
    entrance: tuple[str, int] | None = None
    further_ports: tuple[int, ...] = ()  # other ports of the same pods or addresses for clients
    host: str | None = None  # the address of a server outside the platform
    hosts: tuple[str, ...] = ()  # all addresses of a server outside, if there are several
    subdomains: bool = False  # whether clients put a name in front of the address
    redirects: bool = False  # whether servers send clients on to addresses that only they know
    cidrs: tuple[str, ...] = ()  # the IP ranges of the address outside, if known
    ca: Authority | None = None  # the authority of the server's certificate, if it is not public
    logins: ExistingLogins | None = None  # the logins that exist already at the server
    client_certificates: ClientCertificates | None = None  # the certificates that clients show it
    ui: bool = False  # whether people open it in a browser, at the instance's route
    own_login: bool = False  # whether it asks for a login itself, also at the route
    programs: bool = False  # whether programs use the route too, with keys that no login page takes
    tls_unrouted: bool = False  # whether it asks for TLS itself if no gateway has its certificate
    secret: str | None = None  # the one Secret of all clients; None if each binding has its own
    # Callers outside the cluster reach neither these paths nor those below them.
    private: tuple[str, ...] = ()
    # The requirements of the provider that its clients have too.
    requires_of_clients: tuple[Requires[Any], ...] = ()
    # Such requirements whose variables the provider's endpoint already contains.
    forwards_to_clients: tuple[Requires[Any], ...] = ()
    also_offers: tuple[Provides[Any], ...] = ()  # other offers that a client gets with this one

    @property
    def external(self) -> bool:
        return self.host is not None

    @property
    def pod_ports(self) -> tuple[int, ...]:
        """The ports of the pods, or of the addresses outside, that its clients connect to."""
        return (self.target or self.port, *self.further_ports)


class Endpoint(Struct, Generic[C_co, O_co], frozen=True, kw_only=True):
    """A consumer's view of a binding. Each interface has a subclass."""

    interface: ClassVar[str] = ""
    no_substitutes: ClassVar[tuple[str, ...]] = ()  # interfaces that users mistake for this one
    one_per_pod: ClassVar[bool] = False  # whether its variables allow only one provider in a pod
    for_clients: ClassVar[bool] = True  # whether `uses` may name its providers
    synonyms: ClassVar[tuple[str, ...]] = ()  # variables that some clients read instead of `env`
    loopback: ClassVar[str] = "localhost"  # the name that its clients have for their own machine

    binding: Binding[C_co, O_co]

    @classmethod
    def connect(cls, binding: Binding[Any, Any]) -> Self:
        return cls(binding=binding)

    @property
    def claim(self) -> C_co:
        return self.binding.claim

    @property
    def offer(self) -> O_co:
        return self.binding.offer

    @property
    def authority(self) -> str | None:
        """The file with which a pod verifies the server, if the platform provides it."""
        return authority(self.binding.provider.name) if self.offer.ca else None

    @property
    def client_certificate(self) -> CertificateFiles | None:
        """The files of the certificate that a pod shows the server, if it has one."""
        if self.binding.client_certificate is None:
            return None
        return CertificateFiles(self.binding.provider.name)

    def named_certificates(self, authority: str, certificate: str, key: str) -> dict[str, str]:
        """The files with which both sides prove themselves, by the client's names of its settings."""
        named = {authority: self.authority} if self.authority else {}
        if self.client_certificate is not None:
            named |= {
                certificate: self.client_certificate.certificate,
                key: self.client_certificate.key,
            }
        return named

    @classmethod
    def client_claim(cls, consumer: Instance[Any]) -> Claim:
        """The claim of a workload that `uses` a provider of this interface."""
        return Claim()

    @classmethod
    def entailed_claim(cls, consumer: Instance[Any], provider_claim: Claim) -> Claim:
        """The claim of a client that needs this interface because its provider does."""
        return replace(provider_claim, shared=True)

    @classmethod
    def credential(cls, binding: Binding[Any, Any]) -> Credential | None:
        """The credential that the binding needs, if any."""
        return None

    @classmethod
    def forwarded(cls, offer: Offer, pooler: Instance[Any], upstream: Offer) -> Offer:
        """The offer of a pooler in front of a provider that has its own poolers."""
        return offer

    @property
    def host(self) -> str:
        return self.binding.host

    @property
    def port(self) -> int:
        return self.offer.port

    @property
    def secret(self) -> str:
        """The Secret with the consumer's credential."""
        return self.binding.secret

    def secret_key(self, name: str) -> SecretRef:
        """One key of that Secret, by its name in the interface's contract."""
        return SecretRef(self.secret, self.binding.secret_key(name).key)

    def credentials(self, *namespaces: str) -> tuple[Credential, ...]:
        """The binding's credential, declared for namespaces where only text names its Secret."""
        credential = self.binding.provides.endpoint.credential(self.binding)
        return (replace(credential, namespaces=namespaces),) if credential else ()

    def env(self) -> tuple[Env, ...]:
        """The client environment: the variables that a program needs to find and use the provider."""
        return ()

    def own_env(self) -> tuple[Env, ...]:
        """Variables that name the client's bucket or database at the provider, next to those of `env`."""
        return ()

    @property
    def variables(self) -> tuple[Env, ...]:
        """All variables that the client gets."""
        return (*self.env(), *self.own_env())

    def files(self) -> Mapping[str, str]:
        """Files of the client environment: absolute path to text, without a secret."""
        return {}


class Requires(Struct, Generic[E_co], frozen=True):
    """A named slot of a consumer, typed by its endpoint; the key into `Wiring`."""

    slot: str
    endpoint: type[E_co]
    role: str = ""  # the role of the pods that need it, if the consumer's main pods do not


class Provides(Struct, Generic[E_co], frozen=True):
    """A named slot of a provider.

    With `forwards` the provider is a pooler: it passes its claims on to the provider of that
    requirement. An `explicit` offer answers only claims of instances that bind to it by name. A
    `fallback` is withdrawn if another instance offers the interface.
    """

    slot: str
    endpoint: type[E_co]
    forwards: Requires[E_co] | None = None
    explicit: bool = False
    fallback: bool = False


Claims = Mapping[Requires[Any], Claim]
Offers = Mapping[Provides[Any], Offer]


class Binding(Struct, Generic[C_co, O_co], frozen=True):
    """One resolved edge of the graph."""

    consumer: Instance[Any]
    requires: Requires[Any]
    provider: Instance[Any]
    provides: Provides[Any]
    claim: C_co
    offer: O_co
    via: Binding[C_co, O_co] | None = None  # the binding to the pooler that forwards to this one
    upstream: Binding[C_co, O_co] | None = None  # the binding to which the pooler forwards this one
    entailed: tuple[Binding, ...] = ()  # further bindings that the provider's clients need
    relayed: bool = False  # whether another endpoint already contains its variables

    @property
    def secret(self) -> str:
        """The name of the Secret: a consumer has one for each slot, also behind a pooler."""
        login = self.existing_login
        if login is not None:
            return login.secret
        return self.offer.secret or f"{self.consumer.name}-{self.requires.slot}"

    @property
    def existing_login(self) -> ExistingLogin | None:
        """The login that exists already at the provider, which is outside the platform."""
        logins = self.final.offer.logins
        return logins.of(self.consumer.name) if logins else None

    def secret_key(self, name: str) -> SecretRef:
        """One key of the binding's Secret, by its name in the interface's contract."""
        login = self.existing_login
        return SecretRef(self.secret, login.key(name) if login else name)

    def existing_credential(self, *names: str) -> Credential | None:
        """The user's Secret, declared with the keys that the interface's contract has."""
        login = self.existing_login
        if login is None:
            return None
        keys = dict.fromkeys(sorted(login.key(name) for name in names), "")
        consumer = self.consumer
        return Credential(
            login.secret, keys, (consumer.namespace,), (consumer.name,), created_by="you"
        )

    @property
    def to_model(self) -> bool:
        """Whether the provider is a model, of which there may be thousands."""
        return self.provider.section == "models"

    @property
    def client_certificate(self) -> str | None:
        """The Secret with the certificate that the consumer shows the provider."""
        certificates = self.offer.client_certificates
        return certificates.of(self.consumer.name) if certificates else None

    @property
    def host(self) -> str:
        return self.offer.host or self.provider.host(self.offer.service)

    @property
    def label(self) -> str:
        """The label of pods that use this offer."""
        return f"{USES}{self.provider.name}-{self.provides.slot}"

    @property
    def final(self) -> Binding[C_co, O_co]:
        """The binding to the provider that holds the data."""
        return self.upstream.final if self.upstream else self

    def endpoint(self) -> Endpoint:
        endpoint: Endpoint = self.provides.endpoint.connect(self)
        return endpoint


class UnlabelledClients(Struct, frozen=True):
    """Pods that use a binding but lack its label, because an operator creates them.

    They have separate network policies.
    """

    pods: OperatorPods
    binding: Binding[Any, Any]
