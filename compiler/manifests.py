"""Every object of one environment, in the order of delivery: what `render` prints and `out/` holds."""

from __future__ import annotations

from operator import itemgetter

from compiler.derive.labels import package_labels
from compiler.derive.order import WAVE
from compiler.kube import yaml
from compiler.model.package import Lowered, Package, Platform
from compiler.model.resource import ConfigFiles, Manifest, Phase


def render(lowered: Lowered, wave: int | None = None) -> str:
    """Every object of one environment (or of one wave) as a stream, in the order of delivery."""
    chosen = manifests(lowered) if wave is None else waves(lowered)[wave]
    return yaml.dump_all(yaml.dump(manifest) for manifest in chosen)


def manifests(lowered: Lowered) -> list[Manifest]:
    """Every object of one environment, config files as ConfigMaps, in the order of delivery."""
    return [manifest for _, manifest in _delivery(lowered)]


def waves(lowered: Lowered) -> dict[int, list[Manifest]]:
    """The same, by wave: what is in one may be applied at once, what is in the next must wait."""
    found: dict[int, list[Manifest]] = {}
    for place, manifest in _delivery(lowered):
        found.setdefault(place[0], []).append(manifest)
    return found


def wave_file(wave: int) -> str:
    """The file of a wave in `out/<environment>/`."""
    return f"{wave:02}-{Phase.of(wave).name.lower()}.yaml"


def config_map(config: ConfigFiles, package: Package, platform: Platform) -> Manifest:
    """The ConfigMap that kustomize's generator makes of some files."""
    labels, annotations = config_metadata(config, package, platform)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": config.name,
            "namespace": config.namespace,
            "annotations": annotations,
            "labels": labels,
        },
        "data": dict(sorted(config.files.items())),
    }


def config_metadata(
    config: ConfigFiles, package: Package, platform: Platform
) -> tuple[dict[str, str], dict[str, str]]:
    labels = dict(sorted(package_labels(platform, package).items()))
    return labels, {WAVE: str(package.wave(config))}


# The order within a wave: what others need to exist comes first.
_KINDS = [
    "Namespace",
    "NetworkPolicy",
    "ServiceAccount",
    "ConfigMap",
    "Role",
    "RoleBinding",
    "Service",
    "PodDisruptionBudget",
    "StatefulSet",
    "Deployment",
    "Job",
    "CronJob",
]


Place = tuple[int, int, str, str, str]  # wave, rank and name of the kind, namespace, name


def _delivery(lowered: Lowered) -> list[tuple[Place, Manifest]]:
    found = [entry for package in lowered.packages.values() for entry in _resources(package)]
    for _, entries in lowered.models.each(_resources):
        found += entries
    for package in lowered.everything:
        for config in package.configs:
            made = config_map(config, package, lowered.platform)
            found.append((_place(package.wave(config), made), made))
    return sorted(found, key=itemgetter(0))


def _resources(package: Package) -> list[tuple[Place, Manifest]]:
    return [(_place(package.wave(one), one.manifest), one.manifest) for one in package.resources]


def _place(wave: int, manifest: Manifest) -> Place:
    kind, metadata = manifest["kind"], manifest["metadata"]
    rank = _KINDS.index(kind) if kind in _KINDS else len(_KINDS)
    return (wave, rank, kind, metadata.get("namespace", ""), metadata["name"])
