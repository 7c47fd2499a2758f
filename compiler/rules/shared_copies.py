"""Environments that keep their copies in the same bucket of an outside store.

Each environment deletes old copies of the other, and a restore takes the newest copy of any environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from compiler.diagnostics import Report, listing
from compiler.model import Graph, Path, Platform

_TO: Path = ("spec", "backup", "to")
_SLOT = "backups"


def check_all(
    platforms: Mapping[str, Platform], graphs: Mapping[str, Graph], report: Report
) -> None:
    buckets = {name: _buckets(platforms[name], graphs[name]) for name in platforms}
    for earlier, later in combinations(sorted(platforms), 2):
        shared = sorted(buckets[earlier] & buckets[later])
        if shared:
            host = shared[0][0]
            names = [bucket for _, bucket in shared]
            report.add(
                "shared-copies",
                f"`{earlier}` and `{later}` keep their copies in the same bucket"
                f"{'s' if len(names) > 1 else ''} of {host}: {listing(names[:3])}",
                platforms[later].document.value_span(_TO),
                path=_TO,
                help=f"in `environments.{later}` name another store under `backup.to`, or another "
                "`backup: {bucket: ...}` for each instance; `backup: null` makes no copies there",
            )


def _buckets(platform: Platform, graph: Graph) -> set[tuple[str, str]]:
    """The buckets of copies in a store that is not the environment's own, with its host."""
    backup = platform.settings.backup
    return {
        (binding.host, bucket)
        for binding in graph.bindings
        if backup is not None
        and binding.provider.name == backup.to
        and binding.requires.slot == _SLOT
        and binding.offer.external
        for bucket in binding.claim.resources
    }
