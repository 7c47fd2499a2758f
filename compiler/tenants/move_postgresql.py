"""Move the databases of a PostgreSQL server to another one, with pg_dump.

The Job logs in as the owner of each database. Facts of PostgreSQL 15: an owner may set defaults and the
comment of a database, and end no sessions of others; of another role's session it sees the name alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compiler import kube, model
from compiler.interfaces import postgresql
from compiler.model import Env
from compiler.tenants import move_logins
from compiler.tenants.move_kind import Claims, MoveKind
from compiler.tenants.move_logins import names, room

CONNECTIONS = 2  # the connections of each login


def claims(names: Sequence[str], claims: Sequence[model.Binding]) -> Claims:
    """The claims of the Job on the old and on the new server: a login for each database."""
    return move_logins.claims(
        postgresql.Endpoint,
        {
            database: postgresql.Claim(
                database=database, shared=True, pooled=False, connections=CONNECTIONS,
                calculation="the move",
            )
            for database in names
        },
    )  # fmt: skip


def env(me: model.Instance[Any], wiring: model.Wiring) -> list[Env]:
    variables = [
        # A database that is frozen is so for new sessions, and this one may write nevertheless.
        Env("PGOPTIONS", "-c default_transaction_read_only=off"),
        Env("PGSERVICEFILE", f"{kube.TMP}/services"),
        Env("HOME", kube.TMP),
    ]
    for login in move_logins.logins(me, wiring, postgresql.Endpoint):
        variables.append(Env(f"ROLE_{login.suffix}", login.endpoint.secret_key("username")))
        variables.append(Env(f"PASSWORD_{login.suffix}", login.endpoint.secret_key("password")))
    return variables


def files(me: model.Instance[Any], wiring: model.Wiring) -> Mapping[str, str]:
    logins = move_logins.logins(me, wiring, postgresql.Endpoint)
    text = kube.render(
        __file__, "move-postgresql.sh.j2", databases=me.spec.names, logins=logins,
        **move_logins.providers(logins),
    )  # fmt: skip
    return {"move.sh": text, "contents.sh": postgresql.contents_script()}


KIND = MoveKind(names=names, claims=claims, room=room, env=env, files=files)
