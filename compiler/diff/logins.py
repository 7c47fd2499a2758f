"""Find logins that stay on a server after their consumer is removed from the spec.

Jobs create logins on some servers, and no Job removes them: a Job does not run again when the
consumer returns, and data may belong to the role. Servers that read users from a file, and
operators that manage them, remove a login automatically; the components of the other servers have a
`revoke_command`.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diff import Action, Change
from compiler.model.binding import Binding
from compiler.model.effects import Judgement, Risk
from compiler.model.graph import Graph
from compiler.registry import component_of


def unused_logins(environment: str, before: Graph, after: Graph) -> Iterator[Change]:
    """Each login without a consumer, with the command that revokes it."""
    old_logins, new_logins = _logins(before), _logins(after)
    for key in sorted(old_logins.keys() - new_logins.keys()):
        provider = after.instances.get(key[0])
        revoke_command = component_of(old_logins[key].provider).revoke_command
        if (
            provider is None
            or provider.type != old_logins[key].provider.type
            or revoke_command is None
        ):
            continue
        reason = f"`{provider.name}` still accepts it"
        yield Change(
            environment, provider.name, Action.LEFT_BEHIND, "Login", "", f"{key[1]} of {provider.name}",
            judgements=(Judgement(Risk.NO_OP, reason, revoke_command(old_logins[key])),),
        )  # fmt: skip


def _logins(graph: Graph) -> dict[tuple[str, str], Binding]:
    """Logins by server and Secret; behind a pooler, on the server."""
    finals = (binding for binding in graph.bindings if binding.upstream is None)
    return {
        (binding.provider.name, binding.secret): binding
        for binding in finals
        if binding.provides.endpoint.credential(binding) is not None
    }
