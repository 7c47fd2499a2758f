"""Two instances that create an object of the same kind and name: one would overwrite the other."""

from __future__ import annotations

from compiler.diagnostics import Related, Report
from compiler.model import Lowered, Package, Platform


def check_objects(platform: Platform, lowered: Lowered, report: Report) -> None:
    seen: dict[tuple[str, str, str, str], Package] = {}
    for package in lowered.everything:
        maps = [("", "ConfigMap", config.namespace, config.name) for config in package.configs]
        for id in [*(resource.id for resource in package.resources), *maps]:
            owner = seen.setdefault(id, package)
            if owner is not package and owner.instance and package.instance:
                _report(platform, id, owner, package, report)


def _report(
    platform: Platform, id: tuple[str, str, str, str], left: Package, right: Package,
    report: Report,
) -> None:  # fmt: skip
    assert left.instance is not None
    assert right.instance is not None
    _, kind, namespace, name = id
    left_path, right_path = (
        instance.declared or instance.path for instance in (left.instance, right.instance)
    )
    location = f" in `{namespace}`" if namespace else ""
    report.add(
        "object-clash",
        f"`{left.name}` and `{right.name}` would both make {kind} `{name}`{location}",
        platform.document.span_of(right_path),
        path=right_path,
        help=f"rename `{right.name}`, or give it another namespace",
        related=[Related("the other one", platform.document.span_of(left_path))],
    )
