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

IMAGE: str | None = None
SIDES = ("from", "to")
CONNECTIONS = 2  # of each login


def names(claims: Sequence[model.Binding]) -> tuple[str, ...]:
    """All databases that the clients claim."""
    return tuple(sorted({name for binding in claims for name in binding.claim.resources}))


def claims(
    names: Sequence[str], claims: Sequence[model.Binding]
) -> Mapping[str, Mapping[model.Requires[Any], model.Claim]]:
    """What the Job claims of the old and of the new server: a login for each database."""
    return {
        side: {
            _slot(side, database): postgresql.Claim(
                database=database, shared=True, pooled=False, connections=CONNECTIONS,
                reckoning="the move",
            )
            for database in names
        }
        for side in SIDES
    }  # fmt: skip


def _slot(side: str, database: str) -> model.Requires[postgresql.Endpoint]:
    return model.Requires(f"{side}-{database.replace('_', '-')}", postgresql.Endpoint)


def _logins(
    me: model.Instance[Any], wiring: model.Wiring
) -> list[tuple[str, str, str, postgresql.Endpoint]]:
    """Each login: side, database, the ending of its variables, and the endpoint."""
    return [
        (side, database, kube.suffix(f"{side}-{database}"), wiring[_slot(side, database)])
        for side in SIDES
        for database in me.spec.names
    ]


def unfit(offer: model.Offer) -> str:
    """Why the Job cannot speak to a server; empty where it can."""
    return ""


def room(specs: Sequence[Any]) -> str:
    """Local disk for a dump: that of either server, where it is the platform's."""
    rooms = (getattr(spec, "storage", None) for spec in specs)
    return next((room for room in rooms if room), "20Gi")


def env(me: model.Instance[Any], wiring: model.Wiring) -> list[Env]:
    variables = [
        # A database that is frozen is so for new sessions, and this one may write nevertheless.
        Env("PGOPTIONS", "-c default_transaction_read_only=off"),
        Env("PGSERVICEFILE", f"{kube.TMP}/services"),
        Env("HOME", kube.TMP),
    ]
    for _, _, suffix, endpoint in _logins(me, wiring):
        variables.append(Env(f"ROLE_{suffix}", endpoint.secret_key("username")))
        variables.append(Env(f"PASSWORD_{suffix}", endpoint.secret_key("password")))
    return variables


def files(me: model.Instance[Any], wiring: model.Wiring) -> Mapping[str, str]:
    logins = _logins(me, wiring)
    providers = {side: endpoint.binding.provider.name for side, _, _, endpoint in logins}
    text = kube.render(
        __file__, "move-databases.sh.j2", databases=me.spec.names, logins=logins,
        old=providers["from"], new=providers["to"],
    )  # fmt: skip
    return {"move.sh": text, "contents.sh": postgresql.contents_script()}
