"""Databases and logins in a CloudNativePG cluster, from the claims on it.

Each database has an owner role. A login acts as the owner, by the default `role` of its sessions, so that each
login can change objects of the others; a login that only reads gets its rights from an owner.

The operator creates roles and databases, but has no field for a default of sessions. A login can set its own, which
a Job does for all. What a client makes before the Job ran belongs to its login alone, so the Job ends the
client's sessions and hands that over to the owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

from compiler import kube, model
from compiler.components.cloudnative_pg.kinds import DATABASE
from compiler.interfaces import postgresql
from compiler.model import Env, SecretRef


def roles(bindings: tuple[postgresql.Binding, ...]) -> list[model.Manifest]:
    """The roles that the operator manages: owners, and the logins as their members."""
    owners = [{"name": postgresql.owner(database)} for database in databases(bindings)]
    members = [
        {
            "name": postgresql.role(binding),
            "login": True,
            "inRoles": []
            if binding.claim.read_only
            else [postgresql.owner(binding.claim.database)],
            "passwordSecret": {"name": binding.secret},
        }
        for binding in bindings
    ]
    return [*owners, *members]


def lower(
    me: model.Instance[Any], bindings: tuple[postgresql.Binding, ...], servers: model.OperatorPods
) -> Iterator[model.Piece]:
    """The databases, and the Job that makes every login act as its database's owner."""
    for database in databases(bindings):
        yield _database(me, database)
    if bindings:
        yield from _settle(me, bindings, servers)


def _by_database(logins: list[postgresql.Binding]) -> dict[str, list[str]]:
    """The suffixes of logins' variables, by their database."""
    databases: dict[str, list[str]] = {}
    for binding in logins:
        databases.setdefault(binding.claim.database, []).append(kube.suffix(binding.secret))
    return databases


def databases(bindings: Iterable[postgresql.Binding]) -> list[str]:
    return sorted({binding.claim.database for binding in bindings})


def _object_name(database: str) -> str:
    """A database's name as the end of an object's name, which has no `_` and no `-` at its end."""
    name = database.replace("_", "-")
    if not name.endswith("-"):
        return name
    return f"{name.rstrip('-')}-{sha256(database.encode()).hexdigest()[:8]}"


def _database(me: model.Instance[Any], database: str) -> model.Resource:
    metadata = kube.metadata(me, f"{me.name}-{_object_name(database)}", "server")
    spec = {
        "cluster": {"name": me.name},
        "name": database,
        "owner": postgresql.owner(database),
        "databaseReclaimPolicy": "retain",
    }
    return model.Resource.of(DATABASE, metadata, spec, step=1)


def _settle(
    me: model.Instance[Any], bindings: tuple[postgresql.Binding, ...], servers: model.OperatorPods
) -> Iterator[model.Piece]:
    """The Job that logs in by each login, waits for its database, and sets the default of its sessions."""
    owners, readers = (_by_database(logins) for logins in postgresql.by_rights(bindings))
    script = kube.render(__file__, "logins.sh.j2", owners=owners, readers=readers)
    env = [
        Env("PGHOST", me.host(f"{me.name}-rw")),
        Env("PGPORT", "5432"),
        Env("PGSSLMODE", "require"),
        Env("PGCONNECT_TIMEOUT", "10"),
    ]
    for binding in bindings:
        suffix = kube.suffix(binding.secret)
        env.append(Env(f"USERNAME_{suffix}", SecretRef(binding.secret, "username")))
        env.append(Env(f"PASSWORD_{suffix}", SecretRef(binding.secret, "password")))
    yield from kube.setup_job(
        me,
        "logins",
        me.spec.image,
        {"logins.sh": script},
        env,
        ports=(5432,),
        server=servers,
        # The operator creates a ServiceAccount with the cluster's name, whose pods need its token.
        account=f"{me.name}-logins",
        step=2,
    )
