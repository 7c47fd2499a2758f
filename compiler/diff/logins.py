"""Logins that a server goes on knowing after their consumer has left the spec.

Servers are told of logins by Jobs, which take none away: a Job that ran once does not run again when the
consumer comes back, and data may belong to the role. Servers that read their users from a file, and
operators that keep them, forget a login by themselves; the others' components say how to shut it out.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diff import Action, Change, Judgement, Risk
from compiler.model.binding import Binding
from compiler.model.graph import Graph
from compiler.registry import module


def left(environment: str, before: Graph, after: Graph) -> Iterator[Change]:
    """Each login that nobody has any more, with what to type."""
    ours, theirs = _logins(before), _logins(after)
    for key in sorted(ours.keys() - theirs.keys()):
        provider = after.instances.get(key[0])
        revoke_command = getattr(module(ours[key].provider), "revoke_command", None)
        if provider is None or provider.type != ours[key].provider.type or revoke_command is None:
            continue
        reason = f"`{provider.name}` goes on knowing it; no data goes with it"
        yield Change(
            environment, provider.name, Action.LEFT, "Login", "", f"{key[1]} of {provider.name}",
            judgements=(Judgement(Risk.NO_OP, reason, revoke_command(ours[key])),),
        )  # fmt: skip


def _logins(graph: Graph) -> dict[tuple[str, str], Binding]:
    """By server and Secret; behind a pooler, the server's own."""
    finals = (one for one in graph.bindings if one.upstream is None)
    return {
        (one.provider.name, one.secret): one
        for one in finals
        if one.provides.endpoint.credential(one) is not None
    }
