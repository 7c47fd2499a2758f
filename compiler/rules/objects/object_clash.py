"""Two instances that make an object of the same kind and name: one would overwrite the other."""

from __future__ import annotations

from compiler.diagnostics import Related, Report
from compiler.model import Lowered, Package, Platform


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    seen: dict[tuple[str, str, str, str], Package] = {}
    for package in lowered.everything:
        maps = [("", "ConfigMap", config.namespace, config.name) for config in package.configs]
        for id in [*(resource.id for resource in package.resources), *maps]:
            first = seen.setdefault(id, package)
            if first is not package and first.instance and package.instance:
                _report(platform, id, first, package, report)


def _report(
    platform: Platform, id: tuple[str, str, str, str], first: Package, other: Package,
    report: Report,
) -> None:  # fmt: skip
    assert first.instance is not None
    assert other.instance is not None
    _, kind, namespace, name = id
    one, two = (one.declared or one.path for one in (first.instance, other.instance))
    where = f" in `{namespace}`" if namespace else ""
    report.add(
        "object-clash",
        f"`{first.name}` and `{other.name}` would both make {kind} `{name}`{where}",
        platform.document.span_of(two),
        path=two,
        help=f"rename `{other.name}`, or give it another namespace",
        related=[Related("the other one", platform.document.span_of(one))],
    )
