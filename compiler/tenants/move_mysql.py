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

IMAGE: str | None = None
SIDES = ("from", "to")
MARK = "platformc_move"  # a table of each database: how far its move is


def names(claims: Sequence[model.Binding]) -> tuple[str, ...]:
    """All databases that the clients claim."""
    return tuple(sorted({name for binding in claims for name in binding.claim.resources}))


def claims(
    names: Sequence[str], claims: Sequence[model.Binding]
) -> Mapping[str, Mapping[model.Requires[Any], model.Claim]]:
    """What the Job claims of the old and of the new server: a login for each database."""
    return {
        side: {
            _slot(side, database): mysql.Claim(database=database, shared=True) for database in names
        }
        for side in SIDES
    }


def unfit(offer: model.Offer) -> str:
    """Why the Job cannot speak to a server; empty where it can."""
    return ""


def _slot(side: str, database: str) -> model.Requires[mysql.Endpoint]:
    return model.Requires(f"{side}-{database.replace('_', '-')}", mysql.Endpoint)


def _logins(
    me: model.Instance[Any], wiring: model.Wiring
) -> list[tuple[str, str, str, mysql.Endpoint]]:
    """Each login: side, database, the ending of its variables, and the endpoint."""
    return [
        (side, database, kube.suffix(f"{side}-{database}"), wiring[_slot(side, database)])
        for side in SIDES
        for database in me.spec.names
    ]


def room(specs: Sequence[Any]) -> str:
    """Local disk for dumps: that of either server, where it is the platform's."""
    rooms = (getattr(spec, "storage", None) for spec in specs)
    return next((room for room in rooms if room), "20Gi")


def env(me: model.Instance[Any], wiring: model.Wiring) -> list[Env]:
    variables = [Env("HOME", kube.TMP)]
    for _, _, suffix, endpoint in _logins(me, wiring):
        variables.append(Env(f"USER_{suffix}", endpoint.username))
        variables.append(Env(f"PASSWORD_{suffix}", endpoint.password))
    return variables


def files(me: model.Instance[Any], wiring: model.Wiring) -> Mapping[str, str]:
    logins = _logins(me, wiring)
    providers = {side: endpoint.binding.provider.name for side, _, _, endpoint in logins}
    text = kube.render(
        __file__, "move-mysql.sh.j2", databases=me.spec.names, logins=logins, mark=MARK,
        old=providers["from"], new=providers["to"],
    )  # fmt: skip
    return {"move.sh": text, "contents.sh": mysql.contents_script()}
