"""Environments that keep their copies in the same bucket of an outside store.

Each environment deletes old copies of the other, and a restore takes the newest copy of any environment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from compiler.diagnostics import Report
from compiler.diagnostics.words import listing
from compiler.interfaces import s3
from compiler.model import Graph, Path, Platform

_TO: Path = ("spec", "backup", "to")


def check_all(
    platforms: Mapping[str, Platform], graphs: Mapping[str, Graph], report: Report
) -> None:
    buckets = {name: _buckets(platforms[name], graphs[name]) for name in platforms}
    sharing: dict[tuple[str, ...], set[tuple[str, str]]] = defaultdict(set)
    for bucket in sorted(set[tuple[str, str]]().union(*buckets.values())):
        names = tuple(sorted(name for name in platforms if bucket in buckets[name]))
        if len(names) > 1:
            sharing[names].add(bucket)
    for names, shared in sharing.items():
        _report(names, sorted(shared), platforms[names[0]], report)


def _report(
    names: tuple[str, ...], shared: list[tuple[str, str]], platform: Platform, report: Report
) -> None:
    """Report all environments that share buckets with one diagnostic."""
    backup = platform.settings.backup
    assert backup is not None
    several = "s" if len(shared) > 1 else ""
    without = f"{{backup: null, components: {{{backup.to}: null}}}}"
    report.add(
        "shared-copies",
        f"{listing(names)} keep their copies in the same bucket{several} of {shared[0][0]}: "
        f"{listing([bucket for _, bucket in shared[:3]])}",
        platform.document.value_span(_TO),
        path=_TO,
        help=(
            f"under `environments`, write for all but one of them `{names[0]}: {without}`, which makes "
            "no copies there",
            "or give each its own store under `backup.to`, or each instance its own "
            "`backup: {bucket: ...}`",
        ),
    )


def _buckets(platform: Platform, graph: Graph) -> set[tuple[str, str]]:
    """The buckets of copies in a store that is not the environment's own, with its host."""
    backup = platform.settings.backup
    return {
        (binding.host, bucket)
        for binding in graph.bindings
        if backup is not None
        and binding.provider.name == backup.to
        and binding.requires.slot == s3.COPIES
        and binding.offer.external
        for bucket in binding.claim.resources
    }
