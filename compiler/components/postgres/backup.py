"""Copies of a PostgreSQL's databases: a logical dump of each, by a role that can only read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from compiler import model
from compiler.components.bases import backup, database_backup
from compiler.components.postgres import lockout
from compiler.interfaces import postgresql, s3
from compiler.model import Env, SecretRef

READER = "platformc_backup"
secret = database_backup.secret


def lower(
    me: model.Instance[Any], plan: backup.Plan, store: s3.Endpoint, logins: Sequence[postgresql.Binding],
    superuser: str, *, port: int, user: int,
) -> Iterator[model.Piece]:  # fmt: skip
    yield database_backup.credential(me, READER, lockout.command(me, READER))
    server = database_backup.Server(
        folder=__file__,
        contents=postgresql.contents_script(),
        reading=_login(me, secret(me), port),
        writing=_login(me, superuser, port),
        port=port,
        user=user,
    )
    yield from database_backup.lower(me, plan, store, logins, server)


def _login(me: model.Instance[Any], login: str, port: int) -> tuple[Env, ...]:
    return (
        Env("PGHOST", me.host()),
        Env("PGPORT", str(port)),
        Env("PGDATABASE", "postgres"),
        Env("PGUSER", SecretRef(login, "username")),
        Env("PGPASSWORD", SecretRef(login, "password")),
    )
