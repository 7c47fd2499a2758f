"""Move the databases of a MySQL server to another one, with mysqldump.

The Job logs in as a user with all rights in each database. Facts of MySQL 8: such a user may make a database
read-only (ALTER DATABASE ... READ ONLY, since 8.0.22), sees no sessions of other users, may not read routines
(SHOW_ROUTINE), and owns the views, triggers and events that it restores; a locked user still may own some.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compiler import kube, model
from compiler.interfaces import mysql
from compiler.model import Env
from compiler.tenants import move_logins
from compiler.tenants.move_kind import Claims, MoveKind
from compiler.tenants.move_logins import names, room

MARK = "platformc_move"  # a table of each database: how far its move is


def claims(names: Sequence[str], claims: Sequence[model.Binding]) -> Claims:
    """The claims of the Job on the old and on the new server: a login for each database."""
    return move_logins.claims(
        mysql.Endpoint, {name: mysql.Claim(database=name, shared=True) for name in names}
    )


def env(me: model.Instance[Any], wiring: model.Wiring) -> list[Env]:
    variables = [Env("HOME", kube.TMP)]
    for login in move_logins.logins(me, wiring, mysql.Endpoint):
        variables.append(Env(f"USER_{login.suffix}", login.endpoint.username))
        variables.append(Env(f"PASSWORD_{login.suffix}", login.endpoint.password))
    return variables


def files(me: model.Instance[Any], wiring: model.Wiring) -> Mapping[str, str]:
    logins = move_logins.logins(me, wiring, mysql.Endpoint)
    text = kube.render(
        __file__, "move-mysql.sh.j2", databases=me.spec.names, logins=logins, mark=MARK,
        **move_logins.providers(logins),
    )  # fmt: skip
    return {"move.sh": text, "contents.sh": mysql.contents_script()}


KIND = MoveKind(names=names, claims=claims, room=room, env=env, files=files)
