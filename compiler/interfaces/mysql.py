"""MySQL: databases, each with a separate user."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec.structs import replace

from compiler import kube, model
from compiler.interfaces import sql
from compiler.model import Env, SecretRef

LONGEST_USER = 32  # the longest user name that MySQL allows


class Claim(sql.Claim, frozen=True, kw_only=True):
    """A database, and a user with all rights in it."""

    database: str
    native_password: bool = False  # for clients without a newer authentication method


class Offer(model.Offer, frozen=True, kw_only=True):
    """A MySQL server."""

    tls: bool = False


Binding = model.Binding[Claim, Offer]


class Endpoint(model.Endpoint[Claim, Offer], frozen=True, kw_only=True):
    """The address of the database, and the Secret that opens it."""

    interface: ClassVar[str] = "mysql"
    no_substitutes: ClassVar[tuple[str, ...]] = ("postgresql",)
    one_per_pod: ClassVar[bool] = True
    # MySQL's own clients take `localhost` for a Unix socket, and then ignore the port (MySQL 8.4, manual,
    # "Connecting to the MySQL Server Using Command Options").
    loopback: ClassVar[str] = "127.0.0.1"
    own_databases: ClassVar[frozenset[str]] = frozenset(
        {"information_schema", "mysql", "performance_schema", "sys"}
    )

    @classmethod
    def client_claim(cls, consumer: model.Instance[Any]) -> Claim:
        return Claim(database=consumer.name.replace("-", "_"))

    @classmethod
    def credential(cls, binding: Binding) -> model.Credential:
        credential = sql.credential(binding, LONGEST_USER)
        if not binding.claim.native_password or credential.created_by:
            return credential
        return replace(credential, note="the user logs in by `mysql_native_password`")

    @property
    def database(self) -> str:
        return self.claim.database

    @property
    def username(self) -> SecretRef:
        return self.secret_key("username")

    @property
    def password(self) -> SecretRef:
        return self.secret_key("password")

    @property
    def tls(self) -> bool:
        return self.offer.tls

    def env(self) -> tuple[Env, ...]:
        """The variables of MySQL's own clients; settings without a standard name follow the same
        pattern.
        """
        return (
            Env("MYSQL_HOST", self.host),
            Env("MYSQL_TCP_PORT", str(self.port)),
            Env("MYSQL_DATABASE", self.database),
            Env("MYSQL_USER", self.username),
            Env("MYSQL_PASSWORD", self.password),
            *self._trust(),
        )

    def _trust(self) -> tuple[Env, ...]:
        files = self.named_certificates("MYSQL_SSL_CA", "MYSQL_SSL_CERT", "MYSQL_SSL_KEY")
        unverified = "REQUIRED" if self.tls else "PREFERRED"
        mode = Env("MYSQL_SSL_MODE", "VERIFY_IDENTITY" if self.authority else unverified)
        return (mode, *(Env(name, path) for name, path in files.items()))

    @property
    def options_of_tls(self) -> dict[str, str]:
        """TLS in the words of MySQL's own clients (8.0 and later), for their option files."""
        if not self.tls:
            return {}
        return {
            variable.name.removeprefix("MYSQL_").lower().replace("_", "-"): str(variable.value)
            for variable in self._trust()
        }


def contents_script() -> str:
    """Shell functions that make a dump by mysqldump, and say which rows it holds."""
    return kube.render(__file__, "mysql-contents.sh.j2")
