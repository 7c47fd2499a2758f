"""Commands in the server's pod, as root."""

from __future__ import annotations

from typing import Any

from compiler import model

# The password is not on a command line, where ps shows it.
_CLIENT = "sh -c 'MYSQL_PWD=$MYSQL_ROOT_PASSWORD exec mysql --user=root'"


def command(me: model.Instance[Any]) -> str:
    """A client that reads SQL from its standard input."""
    return f"kubectl exec -i -n {me.namespace} statefulset/{me.name} -c mysql -- {_CLIENT}"


def lockout(me: model.Instance[Any], user: str, host: str = "%") -> str:
    """Locks a user."""
    return f"""echo 'ALTER USER "{user}"@"{host}" ACCOUNT LOCK' | {command(me)}"""
