"""PostgreSQL: databases, each with an owner role, reached directly or through a pooler."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from msgspec import Struct, field
from msgspec.structs import replace

from compiler import model
from compiler.interfaces import sql
from compiler.model import Env, SecretRef

LONGEST_ROLE = 63  # bytes that PostgreSQL keeps of a name
RESERVED = 13  # connections that no client gets: 3 for superusers, 10 for operators and exporters


class Claim(model.Claim, frozen=True, kw_only=True):
    """A database and a role that may do anything in it; none for a pooler's own claim."""

    database: str = ""
    connections: int = 5  # the most that its clients open
    direct: int = 0  # of these, past a pooler: migrations
    reckoning: str = ""  # how they add up, for people

    @property
    def resources(self) -> tuple[str, ...]:
        return (self.database,) if self.database else ()


def _most_pods(spec: object) -> int:
    """How many pods of a model there may be at once; a workload has one."""
    named = [getattr(spec, key, None) for key in ("max_replicas", "min_replicas")]
    return max(1, *(one or 0 for one in named))


class Operator(Struct, frozen=True, kw_only=True):
    """What the operator of a server wants and makes."""

    login_type: str  # of the Secrets that it makes roles from
    login_labels: Mapping[str, str] = field(default_factory=dict)
    pooler_port: int
    pooler_label: str  # of its poolers' pods; the value is the pooler's name


class Pooling(Struct, frozen=True, kw_only=True):
    """What a pooler opens to its server: a pool for each login, in each of its replicas."""

    replicas: int
    least: int  # connections in each pool: as set, or the fewest that are of use


class Offer(model.Offer, frozen=True, kw_only=True):
    """A server, or a pooler in front of one."""

    max_connections: int | None = None  # None: unknown, it is somebody else's
    sslmode: str = "disable"
    operator: Operator | None = None
    pooling: Pooling | None = None  # of a pooler


class Endpoint(model.Endpoint, frozen=True, kw_only=True):
    """Where the database is and which Secret opens it."""

    interface: ClassVar[str] = "postgresql"

    @classmethod
    def client_claim(cls, consumer: model.Instance[Any]) -> Claim:
        # What a user's own program does between transactions is unknown: a pooler must be named.
        return Claim(database=consumer.name.replace("-", "_"), pooled=False)

    @classmethod
    def entailed_claim(cls, consumer: model.Instance[Any], theirs: Any) -> Claim:
        """A client opens connections of its own, not as many as the server that it uses."""
        pods, each = _most_pods(consumer.spec), Claim().connections
        claim: Claim = replace(
            theirs, shared=True, connections=pods * each, direct=0,
            reckoning=f"{pods} {'pod' if pods == 1 else 'pods'} x {each}",
        )  # fmt: skip
        return claim

    @classmethod
    def credential(cls, binding: model.Binding) -> model.Credential | None:
        if not binding.claim.database:
            return None
        operator: Operator | None = binding.final.offer.operator
        credential = sql.credential(binding, LONGEST_ROLE)
        if operator is None:
            return credential
        return replace(credential, type=operator.login_type, labels=operator.login_labels)

    @classmethod
    def forwarded(
        cls, offer: model.Offer, pooler: model.Instance[Any], upstream: model.Offer
    ) -> model.Offer:
        """A pooler in front of an operator's server is a pooler of that operator's."""
        if not isinstance(upstream, Offer) or upstream.operator is None:
            return offer
        operator = upstream.operator
        return Offer(
            port=operator.pooler_port,
            sslmode=upstream.sslmode,
            pods={operator.pooler_label: pooler.name},
            operator=operator,
        )

    @property
    def database(self) -> str:
        database: str = self.binding.claim.database
        return database

    @property
    def sslmode(self) -> str:
        sslmode: str = self.binding.offer.sslmode
        return sslmode

    @property
    def pooled(self) -> bool:
        """Whether a pooler stands between, which gives each transaction another connection."""
        return self.binding.provides.forwards is not None

    @property
    def direct(self) -> Endpoint:
        """The same database, past any pooler: for migrations and session state."""
        return Endpoint(binding=self.binding.final)

    def login(self, prefix: str) -> tuple[Env, ...]:
        """User and password, for a URI composed of them by the kubelet."""
        return (
            Env(f"{prefix}_USERNAME", SecretRef(self.secret, "username")),
            Env(f"{prefix}_PASSWORD", SecretRef(self.secret, "password")),
        )

    def uri(self, prefix: str, scheme: str = "postgresql") -> str:
        """A connection URI over the variables of `login`.

        SQLAlchemy wants its driver in the scheme: what a bare `postgresql` means has changed.
        """
        login = f"$({prefix}_USERNAME):$({prefix}_PASSWORD)"
        return f"{scheme}://{login}@{self.address}"

    @property
    def address(self) -> str:
        """What follows the login in a URI, as libpq and drivers that read its words know it."""
        root = f"&sslrootcert={self.authority}" if self.authority else ""
        return f"{self.host}:{self.port}/{self.database}?sslmode={self.sslmode}{root}"

    def env(self) -> tuple[Env, ...]:
        """libpq's own variables, which psql and every driver on it read."""
        return (
            Env("PGHOST", self.host),
            Env("PGPORT", str(self.port)),
            Env("PGDATABASE", self.database),
            Env("PGUSER", SecretRef(self.secret, "username")),
            Env("PGPASSWORD", SecretRef(self.secret, "password")),
            Env("PGSSLMODE", self.sslmode),
            *([Env("PGSSLROOTCERT", self.authority)] if self.authority else []),
        )


def role(binding: model.Binding) -> str:
    """The name by which a binding logs in."""
    return sql.username(binding.secret, LONGEST_ROLE)


def direct_connections(claims: Iterable[model.Binding]) -> int:
    """Connections that claims on a server open past every pooler."""
    return sum(
        binding.claim.direct if binding.via else binding.claim.connections
        for binding in claims
        if binding.claim.database
    )
