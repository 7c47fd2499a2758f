"""Make the logins of the Job that moves databases: each database's owner, at both servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from compiler import kube, model
from compiler.tenants.move_kind import SIDES, Claims, E, slot

DUMPS = "20Gi"  # the room for dumps if neither server's disk is known


class Login(NamedTuple):
    """One login, with the ending of the names of its variables."""

    side: str
    database: str
    suffix: str
    endpoint: Any


def names(claims: Sequence[model.Binding]) -> tuple[str, ...]:
    """All databases that the clients claim."""
    return tuple(sorted({name for binding in claims for name in binding.claim.resources}))


def claims(endpoint: type[E], claims: Mapping[str, model.Claim]) -> Claims:
    """The claims of the Job on the old and on the new server, by the claims on one of them."""
    return {
        side: {slot(endpoint, side, database): claim for database, claim in claims.items()}
        for side in SIDES
    }


def logins(me: model.Instance[Any], wiring: model.Wiring, endpoint: type[E]) -> list[Login]:
    """The logins of all databases at the old server, then at the new one."""
    return [
        Login(
            side, database, kube.suffix(f"{side}-{database}"),
            wiring[slot(endpoint, side, database)],
        )
        for side in SIDES
        for database in me.spec.names
    ]  # fmt: skip


def providers(logins: Sequence[Login]) -> Mapping[str, str]:
    """The names of the old and of the new instance, as a template asks for them."""
    by_side = {login.side: login.endpoint.binding.provider.name for login in logins}
    return {"old": by_side["from"], "new": by_side["to"]}


def room(specs: Sequence[Any]) -> str:
    """Local disk for dumps, as large as the disk of a server of the platform."""
    rooms = (getattr(spec, "storage", None) for spec in specs)
    return next((room for room in rooms if room), DUMPS)
