"""One existing volume claim in two servers: both would write it, and no lock holds between pods."""

from __future__ import annotations

from collections import defaultdict

from compiler.diagnostics import Related, Report
from compiler.diagnostics.words import listing
from compiler.model import Path, Platform


def check_spec(platform: Platform, report: Report) -> None:
    servers: dict[tuple[str, str], list[tuple[str, Path]]] = defaultdict(list)
    for instance in platform.having("adopt"):
        claim = getattr(instance.spec.adopt, "claim", None)
        if claim is not None:
            path = (*instance.path, "adopt", "claim")
            servers[instance.namespace, claim].append((instance.name, path))
    for (_, claim), adopting in sorted(servers.items()):
        if len(adopting) > 1:
            _report(platform, claim, adopting, report)


def _report(
    platform: Platform, claim: str, adopting: list[tuple[str, Path]], report: Report
) -> None:
    (_, first_path), (last_name, last_path) = adopting[0], adopting[-1]
    document = platform.document
    report.add(
        "shared-claim",
        f"{listing({name for name, _ in adopting})} adopt the same volume claim `{claim}`, and "
        "would destroy each other's data",
        document.value_span(last_path),
        path=last_path,
        help=f"delete this line: then `{last_name}` gets a separate volume",
        related=[Related("also here", document.value_span(first_path))],
    )
