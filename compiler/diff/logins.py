"""Find logins that stay on a server after their consumer is removed from the spec.

Jobs create logins on some servers, and no Job removes them: a Job does not run again when the
consumer returns, and data may belong to the role. Servers that read users from a file, and
operators that manage them, remove a login automatically; the components of the other servers have a
`revoke_command`. So do the logins that a server has for its own backups and metrics, which no binding has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compiler.diff import Action, Change
from compiler.model.effects import Judgement, Risk
from compiler.model.graph import Graph
from compiler.model.package import Lowered
from compiler.registry import component_of

_Login = tuple[str, str, str]  # the server, its type, the Secret


def unused_logins(environment: str, before: Lowered, after: Lowered) -> Iterator[Change]:
    """Each login without a consumer, with the command that revokes it."""
    old_logins = {**_of_consumers(before.graph), **_of_servers(before)}
    new_logins = {**_of_consumers(after.graph), **_of_servers(after)}
    for server, type, secret in sorted(old_logins.keys() - new_logins.keys()):
        provider = after.graph.instances.get(server)
        if provider is None or provider.type != type:
            continue
        command = old_logins[server, type, secret]
        yield Change(
            environment, server, Action.LEFT_BEHIND, "Login", "", f"{secret} of {server}",
            judgements=(Judgement(Risk.NO_OP, f"`{server}` still accepts it", command),),
        )  # fmt: skip


def _of_consumers(graph: Graph) -> Mapping[_Login, str]:
    """The commands that revoke the logins of consumers; behind a pooler, those on the server."""
    return {
        (binding.provider.name, binding.provider.type, binding.secret): revoke_command(binding)
        for binding in graph.bindings
        if binding.upstream is None
        and binding.provides.endpoint.credential(binding) is not None
        and (revoke_command := component_of(binding.provider).revoke_command) is not None
    }


def _of_servers(lowered: Lowered) -> Mapping[_Login, str]:
    """The commands that revoke the logins which servers have for their own backups and metrics."""
    return {
        (package.name, package.instance.type, credential.name): credential.revoke_command
        for package in lowered.packages.values()
        for credential in package.credentials
        if package.instance is not None and credential.revoke_command
    }
