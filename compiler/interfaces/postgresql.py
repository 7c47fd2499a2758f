"""PostgreSQL: databases, each with an owner role, reached directly or through a pooler."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from msgspec import Struct, field
from msgspec.structs import replace

from compiler import kube, model
from compiler.interfaces import sql
from compiler.model import Env

LONGEST_ROLE = 63  # bytes: PostgreSQL truncates longer names
MOST_CONNECTIONS = 2**18 - 1  # the largest `max_connections` (MAX_BACKENDS, postmaster.h)
OWN_ROLES = "pg_"  # the beginning of names of roles that PostgreSQL refuses (18, CREATE ROLE)
# `max_connections` by default grows in steps, so that a new client seldom restarts the server.


class Claim(sql.Claim, frozen=True, kw_only=True):
    """A database and a role with all rights in it, or one that reads it; a pooler's own claim has neither."""

    database: str = ""
    connections: int = 5  # the maximum that its clients open
    direct: int = 0  # the part of them that bypasses a pooler, for migrations
    calculation: str = ""  # the calculation, for messages
    read_only: bool = False
    creates_tables: bool = False  # the consumer makes tables when it is set up
    # The consumer's own clients that may write as well; None: all of them.
    writers: tuple[str, ...] | None = None
    login_in_uri: bool = False  # the consumer, and its clients, can write the login only into a URI


def _most_pods(spec: object) -> int:
    """The most pods of a model, or of a run of a workload, at the same time."""
    counts = [getattr(spec, key, None) for key in ("max_replicas", "min_replicas")]
    completions: int | None = getattr(spec, "completions", None)
    if completions is not None:
        counts.append(min(completions, getattr(spec, "parallelism", None) or completions))
    return max(1, *(count or 0 for count in counts))


def _of_pods(spec: object) -> tuple[int, str]:
    """The most connections of the pods of a tenant, and how they come about."""
    pods, per_pod = _most_pods(spec), Claim().connections
    return pods * per_pod, f"{pods} {'pod' if pods == 1 else 'pods'} x {per_pod}"


class Operator(Struct, frozen=True, kw_only=True):
    """The requirements of the operator of a server, and the pods that it makes."""

    login_labels: Mapping[str, str] = field(default_factory=dict)
    pooler_port: int
    pooler_label: str  # the label of its poolers' pods, with the pooler's name as its value
    own_roles: str  # the beginning of names of roles that it keeps for itself


class Pooling(Struct, frozen=True, kw_only=True):
    """The connections of a pooler to its server: one pool for each login, in each replica."""

    replicas: int
    size: int | None  # connections in each pool; None: derived from the server's limit
    smallest: int  # the smallest useful number
    # The connections of clients that each replica accepts; None: derived from its clients.
    most_clients: int | None

    @property
    def least(self) -> int:
        return self.size or self.smallest


class Offer(model.Offer, frozen=True, kw_only=True):
    """A server, or a pooler in front of one."""

    max_connections: int | None = None  # None if derived, or unknown for a server outside
    grows: bool = False  # whether the maximum is derived from the connections of the clients
    sslmode: str = "disable"
    operator: Operator | None = None
    pooling: Pooling | None = None  # the pooling, if this is a pooler


Binding = model.Binding[Claim, Offer]


class Endpoint(model.Endpoint[Claim, Offer], frozen=True, kw_only=True):
    """The address of the database, and the Secret that opens it."""

    interface: ClassVar[str] = "postgresql"
    no_substitutes: ClassVar[tuple[str, ...]] = ("mysql",)
    own_databases: ClassVar[frozenset[str]] = frozenset({"postgres", "template0", "template1"})

    @classmethod
    def unfit_database(cls, offer: Offer, database: str) -> str:
        """Why the role that owns a database cannot be made; empty if it can."""
        name = owner(database)
        reserved = [OWN_ROLES, *([offer.operator.own_roles] if offer.operator else [])]
        beginning = next((prefix for prefix in reserved if name.startswith(prefix)), None)
        if beginning:
            return (
                f"its owner would be the role `{name}`, and names that begin with `{beginning}` are "
                "the server's own"
            )
        if len(name) > LONGEST_ROLE:
            return f"its owner would be the role `{name}`, whose name is longer than {LONGEST_ROLE} characters"
        return ""

    @classmethod
    def client_claim(cls, consumer: model.Instance[Any]) -> Claim:
        # A user's program may keep state between transactions, so it uses a pooler only if the spec names one.
        connections, calculation = _of_pods(consumer.spec)
        return Claim(
            database=consumer.name.replace("-", "_"), pooled=False,
            connections=connections, calculation=calculation,
        )  # fmt: skip

    @classmethod
    def entailed_claim(cls, consumer: model.Instance[Any], provider_claim: Any) -> Claim:
        """The claim of a client that opens the database itself: it has its own number of connections."""
        connections, calculation = _of_pods(consumer.spec)
        writers = provider_claim.writers
        claim: Claim = replace(
            provider_claim, shared=True, connections=connections, direct=0,
            read_only=writers is not None and consumer.name not in writers, writers=None,
            calculation=calculation,
        )  # fmt: skip
        return claim

    @classmethod
    def credential(cls, binding: Binding) -> model.Credential | None:
        if not binding.claim.database:
            return None
        operator: Operator | None = binding.final.offer.operator
        credential = sql.credential(binding, LONGEST_ROLE)
        if binding.claim.login_in_uri:
            credential = replace(credential, note=sql.SAFE_IN_URI)
        if operator is None:
            return credential
        return replace(credential, labels=operator.login_labels)

    @classmethod
    def forwarded(
        cls, offer: model.Offer, pooler: model.Instance[Any], upstream: model.Offer
    ) -> model.Offer:
        """The offer of a pooler; the operator of an operator's server also runs its poolers."""
        if not isinstance(upstream, Offer) or upstream.operator is None:
            return offer
        operator = upstream.operator
        return Offer(
            port=operator.pooler_port,
            sslmode=upstream.sslmode,
            pods={operator.pooler_label: pooler.name},
            operator=operator,
            pooling=offer.pooling if isinstance(offer, Offer) else None,
        )

    @property
    def database(self) -> str:
        return self.claim.database

    @property
    def sslmode(self) -> str:
        return self.offer.sslmode

    @property
    def pooled(self) -> bool:
        """Whether a pooler is in between, which may use another connection for each transaction."""
        return self.binding.provides.forwards is not None

    @property
    def direct(self) -> Endpoint:
        """The same database without a pooler: for migrations and session state."""
        return Endpoint(binding=self.binding.final)

    def login(self, prefix: str) -> tuple[Env, ...]:
        """User and password as variables."""
        return (
            Env(f"{prefix}_USERNAME", self.secret_key("username")),
            Env(f"{prefix}_PASSWORD", self.secret_key("password")),
        )

    def uri_login(self, prefix: str) -> tuple[Env, ...]:
        """The variables that `uri` needs: the kubelet composes it from them.

        A password that exists already may hold characters that a URI does not take as they are;
        libpq and pgx read it from separate variables.
        """
        if not self._login_apart:
            return self.login(prefix)
        keys = {"PGUSER": "username", "PGPASSWORD": "password"}
        return tuple(Env(name, self.secret_key(key)) for name, key in keys.items())

    @property
    def _login_apart(self) -> bool:
        """Whether the login stays out of URIs."""
        return self.binding.existing_login is not None

    def uri(self, prefix: str, scheme: str = "postgresql") -> str:
        """A connection URI that refers to the variables of `uri_login`.

        SQLAlchemy needs its driver in the scheme: the meaning of a plain `postgresql` has changed
        between versions.
        """
        login = "" if self._login_apart else f"$({prefix}_USERNAME):$({prefix}_PASSWORD)@"
        return f"{scheme}://{login}{self.address}"

    @property
    def address(self) -> str:
        """The part of a URI after the login, in the syntax of libpq."""
        parameters = {"sslmode": self.sslmode, **self.files_of_tls}
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return f"{self.host}:{self.port}/{self.database}?{query}"

    @property
    def files_of_tls(self) -> dict[str, str]:
        """The certificates with which both sides prove themselves, by libpq's parameters."""
        return self.named_certificates("sslrootcert", "sslcert", "sslkey")

    def env(self) -> tuple[Env, ...]:
        """The variables of libpq, which psql and all drivers based on libpq read."""
        return (
            Env("PGHOST", self.host),
            Env("PGPORT", str(self.port)),
            Env("PGDATABASE", self.database),
            Env("PGUSER", self.secret_key("username")),
            Env("PGPASSWORD", self.secret_key("password")),
            Env("PGSSLMODE", self.sslmode),
            *(Env(f"PG{name.upper()}", path) for name, path in self.files_of_tls.items()),
        )


def contents_script() -> str:
    """Shell functions that describe the content of a dump by pg_dump: rows by table, and one digest."""
    return kube.render(__file__, "postgres-contents.sh.j2")


def by_rights(logins: Iterable[Binding]) -> tuple[list[Binding], list[Binding]]:
    """The logins that own their databases, and those that only read them."""
    bindings = list(logins)
    owners = [binding for binding in bindings if not binding.claim.read_only]
    return owners, [binding for binding in bindings if binding.claim.read_only]


def owner(database: str) -> str:
    """The role that owns a database; its logins act as this role."""
    return f"{database}_owner"


def role(binding: model.Binding) -> str:
    """The role with which a binding logs in."""
    return sql.username(binding.secret, LONGEST_ROLE)
