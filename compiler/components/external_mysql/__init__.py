"""A MySQL outside the platform.

It offers databases and has no objects; users and databases are created where it runs.
"""

from collections.abc import Iterator

from pydantic import Field

from compiler import model
from compiler.components.bases import client_certificate, external
from compiler.interfaces import mysql, sql
from compiler.spec.types import Port

PHASE = model.Phase.DATABASES
DATABASES = model.Provides("databases", mysql.Endpoint)

binding_problems = client_certificate.binding_problems
revoke_command = external.revoke_command


class Spec(external.Spec, client_certificate.Spec):
    """An existing MySQL server."""

    port: Port = Field(default=3306, description="Its port.")
    tls: bool = Field(default=True, description="Whether clients must use TLS.")

    @property
    def encrypted(self) -> bool:
        return self.tls


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {}


def offers(me: model.Instance[Spec]) -> model.Offers:
    spec = me.spec
    return {
        DATABASES: mysql.Offer(
            host=spec.host,
            port=spec.port,
            tls=spec.tls,
            cidrs=spec.cidrs,
            ca=spec.authority,
            logins=spec.logins,
            client_certificates=spec.client_certificates,
        )
    }


def administration(me: model.Instance[Spec], wiring: model.Wiring) -> str:
    """SQL; `_` in a grant stands for any character, so it is escaped."""
    claims = wiring.claims(DATABASES)
    native = {binding.secret for binding in claims if binding.claim.native_password}
    logins = sql.administered(claims, mysql.LONGEST_USER)
    lines = [f"CREATE DATABASE `{database}`;" for database in sql.databases(logins)]
    for login in logins:
        user = f"'{login.role}'@'%'"
        if login.exists:
            user = f"'(user name in the Secret {login.secret})'@'%'"
        else:
            plugin = " WITH mysql_native_password" if login.secret in native else ""
            password = f"(password in the Secret {login.secret})"
            lines.append(f"CREATE USER {user} IDENTIFIED{plugin} BY '{password}';")
        for database in login.databases:
            escaped = database.replace("_", "\\_")
            lines.append(f"GRANT ALL PRIVILEGES ON `{escaped}`.* TO {user};")
    return "".join(f"{line}\n" for line in lines)


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Resource]:
    return iter(())
