"""Environments of one cluster that set up one upstream system differently: it has only one configuration.

The commands of `prerequisites` write these settings into upstream's own objects. Run for a second
environment, they replace the settings for the first, such as the domain of all hosts of models.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from compiler.diagnostics import Related, Report
from compiler.model import Graph, Manifest, Platform
from compiler.rules.environment_collision import NAME
from compiler.upstream.prerequisites import prerequisites

Settings = Mapping[str, object]  # by the object and the path of the field


def check_all(
    platforms: Mapping[str, Platform], graphs: Mapping[str, Graph], report: Report
) -> None:
    by_cluster: dict[str, list[str]] = defaultdict(list)
    for name, platform in sorted(platforms.items()):
        if platform.settings.cluster.name is not None:
            by_cluster[platform.settings.cluster.name].append(name)
    for cluster, names in by_cluster.items():
        if len(names) > 1:
            _check_cluster(cluster, names, platforms, graphs, report)


def _check_cluster(
    cluster: str, names: list[str], platforms: Mapping[str, Platform], graphs: Mapping[str, Graph],
    report: Report,
) -> None:  # fmt: skip
    """Report each system once for an environment: the first one of its settings that differs."""
    values: dict[str, tuple[str, object]] = {}
    for name in names:
        reported: set[str] = set()
        for system, setting, value in _settings(graphs[name]):
            earlier, before = values.setdefault(setting, (name, value))
            if before == value or system in reported:
                continue
            reported.add(system)
            report.add(
                "shared-system",
                f"`{earlier}` and `{name}` share the cluster `{cluster}`, and set up {system} differently: "
                f"{setting}",
                platforms[name].document.value_span(NAME),
                path=NAME,
                help="write the same settings in both, or use two clusters",
                related=[
                    Related(
                        f"`{earlier}` names the same cluster",
                        platforms[earlier].document.value_span(NAME),
                    )
                ],
            )


def _settings(graph: Graph) -> Iterator[tuple[str, str, object]]:
    """The release of each upstream system, and its required settings: system, setting and value."""
    for required in prerequisites(graph):
        yield required.system, f"the release of {required.system}", required.version
        for manifest in required.objects:
            metadata = manifest["metadata"]
            space = f"{metadata['namespace']}/" if "namespace" in metadata else ""
            title = f"{manifest['kind']} {space}{metadata['name']}"
            for field, value in _fields(manifest):
                yield required.system, f"`{field}` of {title}", value


def _fields(manifest: Manifest, above: str = "") -> Iterator[tuple[str, object]]:
    """The fields of an object that hold no further fields, by their paths."""
    for key, value in manifest.items():
        if isinstance(value, dict) and value:
            yield from _fields(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
