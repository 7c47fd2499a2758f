"""The command that shuts a role of the server out. A Job that runs again lets it in again."""

from __future__ import annotations

from typing import Any

from compiler import model


def command(me: model.Instance[Any], role: str) -> str:
    """Takes the right to log in from a role; its objects belong to the databases' owners."""
    statement = f'ALTER ROLE "{role}" NOLOGIN'
    return (
        f"kubectl exec -n {me.namespace} statefulset/{me.name} -c postgres -- "
        f"psql -U postgres -c '{statement}'"
    )
