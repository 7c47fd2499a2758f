"""What a Redis keeps, against the memory and the disk that it is given.

`memory` is the hard limit from which `maxmemory` is derived; a limit set apart from it would change
what fits without saying so. A log of all writes grows to three times the limit before it is rewritten
(Redis documentation, persistence).
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics import Report
from compiler.lowering import redis as server
from compiler.model import Graph, Instance, Path, Platform, quantity

Finding = tuple[str, Path, str, str]


def check(platform: Platform, graph: Graph, report: Report) -> None:
    for instance in platform.instances.values():
        if isinstance(instance.spec, server.Spec):
            for code, key, problem, help in findings(instance):
                path = (*instance.path, *key)
                span = platform.document.value_span(path)
                report.add(code, f"`{instance.name}` {problem}", span, path=path, help=help)


def findings(me: Instance[server.Spec]) -> Iterator[Finding]:
    """The code, the key below the instance, what is wrong with it, what to type."""
    spec, limit = me.spec, me.spec.resources.limits.memory
    if limit is not None and quantity.whole(limit) != quantity.whole(spec.memory):
        problem = (
            f"has a memory limit of {limit} beside `memory: {spec.memory}`, and keys follow it"
        )
        help = f"delete the limit and write `memory: {limit}`"
        yield "memory-limit", ("resources", "limits", "memory"), problem, help
    needed = (
        server.storage(spec.model_copy(update={"storage": None}), _limit(spec))
        if spec.persistence != "none"
        else "0"
    )
    if spec.storage and quantity.whole(spec.storage) < quantity.whole(needed):
        times = server.DISK[spec.persistence]
        problem = (
            f"may need {needed} on disk ({times} x {spec.memory} for `{spec.persistence}`), and its "
            f"volume has {spec.storage}"
        )
        yield "volume-size", ("storage",), problem, f"write `storage: {needed}`, or delete it"


def _limit(spec: server.Spec) -> int:
    return quantity.whole(spec.resources.limits.memory or spec.memory)
