"""An eviction policy for keys with a time to live, with clients whose keys have none.

Nothing can be evicted when memory is full, so writes fail as with `noeviction` (Redis
documentation, key eviction). Feast sets a time to live only if `keyTtl` is set (Feast 0.67, Redis
online store).
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.components.bases import redis
from compiler.diagnostics import Related, Report
from compiler.interfaces import redis as protocol
from compiler.model import Graph, Instance, Path, Platform


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for instance in platform.instances.values():
        spec = instance.spec
        if not isinstance(spec, redis.Spec) or not spec.eviction.startswith("volatile-"):
            continue
        for client in lasting(instance.name, graph):
            path: Path = (*instance.path, "eviction")
            report.add(
                "eviction-policy",
                f"`{instance.name}` evicts only keys that expire, and those of `{client.name}` don't: "
                "once it is full, writes fail",
                platform.document.value_span(path),
                path=path,
                help=f"write `eviction: allkeys-lru`, or `keyTtl` in `{client.name}`",
                related=[Related("its client", platform.document.span_of(client.path))],
            )


def lasting(server: str, graph: Graph) -> Iterator[Instance[object]]:
    """Clients of a server whose keys have no time to live."""
    for binding in graph.bindings:
        uses = isinstance(binding.claim, protocol.Claim) and binding.provider.name == server
        if uses and binding.consumer.type == "feast" and binding.consumer.spec.key_ttl is None:
            yield binding.consumer
