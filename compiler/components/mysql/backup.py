"""Copies of a MySQL's databases: a logical dump of each, by a user that can only read.

Facts are of MySQL 8: `--no-tablespaces` spares the user PROCESS; routines, which need
SHOW_ROUTINE, are not copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from compiler import model
from compiler.components.bases import backup, database_backup
from compiler.components.mysql import root_client
from compiler.interfaces import mysql, s3
from compiler.model import Env, SecretRef

READER = "platformc_backup"
secret = database_backup.secret


def lower(
    me: model.Instance[Any], plan: backup.Plan, store: s3.Endpoint, logins: Sequence[mysql.Binding],
    root: str, *, port: int, user: int,
) -> Iterator[model.Piece]:  # fmt: skip
    yield database_backup.credential(me, READER, root_client.lockout(me, READER))
    server = database_backup.Server(
        folder=__file__,
        contents=mysql.contents_script(),
        reading=_login(me, secret(me), port),
        writing=_login(me, root, port),
        port=port,
        user=user,
    )
    yield from database_backup.lower(me, plan, store, logins, server)


def _login(me: model.Instance[Any], login: str, port: int) -> tuple[Env, ...]:
    return (
        Env("MYSQL_HOST", me.host()),
        Env("MYSQL_TCP_PORT", str(port)),
        Env("MYSQL_USER", SecretRef(login, "username")),
        Env("MYSQL_PWD", SecretRef(login, "password")),
    )
