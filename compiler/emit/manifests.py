"""Put all objects of one environment in the order of delivery, for `render` and `out/`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Generic, TypeVar

from msgspec import Struct

from compiler.kube import yaml
from compiler.model.manifest import Manifest
from compiler.model.package import Lowered, Package, config_map
from compiler.model.resource import Phase

T = TypeVar("T")


def render(lowered: Lowered, wave: int | None = None) -> str:
    """Every object of one environment (or of one wave) as a YAML stream, in the order of delivery."""
    chosen = manifests(lowered) if wave is None else waves(lowered)[wave]
    return yaml.dump_all(yaml.dump(manifest) for manifest in chosen)


def manifests(lowered: Lowered) -> list[Manifest]:
    """Every object of one environment in the order of delivery; config files become ConfigMaps."""
    return [manifest for _, group in _delivery(lowered, _itself) for manifest in group]


def waves(lowered: Lowered) -> dict[int, list[Manifest]]:
    """The objects by wave: the objects of a wave may be applied together, the next wave must wait."""
    return in_waves(lowered, _itself)


def in_waves(lowered: Lowered, form: Callable[[Manifest], T]) -> dict[int, list[T]]:
    """The objects by wave, each converted by `form`; a model's object only once for all environments."""
    by_wave: dict[int, list[T]] = defaultdict(list)
    for wave, group in _delivery(lowered, form):
        by_wave[wave] += group
    return by_wave


def _itself(manifest: Manifest) -> Manifest:
    return manifest


def wave_file(wave: int) -> str:
    """The file of a wave in `out/<environment>/`."""
    title = Phase.of(wave).title.replace(" ", "-")
    return f"{wave:02}-{title}.yaml"


# The order within a wave: objects that other kinds need come first.
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
_RANKS = {kind: rank for rank, kind in enumerate(_KINDS)}


Shelf = tuple[int, int, str]  # wave, rank and name of the kind
SortKey = tuple[Shelf, tuple[str, str]]  # then namespace and name


def _delivery(lowered: Lowered, form: Callable[[Manifest], T]) -> Iterator[tuple[int, list[T]]]:
    """Every object by wave and kind, sorted by name."""
    shelves: dict[Shelf, list[tuple[tuple[str, str], T]]] = defaultdict(list)
    sort_keys = _SortKeys(form)
    components = [(package, sort_keys(package)) for package in lowered.packages.values()]
    for package, entries in (*components, *lowered.models.each(sort_keys)):
        for (shelf, name), value in entries:
            shelves[shelf].append((name, value))
        for config in package.configs:
            manifest = config_map(config, package, lowered.platform)
            shelf, name = _sort_key(package.wave(config), manifest)
            shelves[shelf].append((name, form(manifest)))
    for shelf, group in sorted(shelves.items()):
        yield shelf[0], [value for _, value in sorted(group, key=itemgetter(0))]


class _SortKeys(Struct, Generic[T], frozen=True):
    """Finds the position of each of a package's objects in the order."""

    form: Callable[[Manifest], T]

    def __call__(self, package: Package) -> list[tuple[SortKey, T]]:
        return [
            (_sort_key(package.wave(resource), resource.manifest), self.form(resource.manifest))
            for resource in package.resources
        ]


def _sort_key(wave: int, manifest: Manifest) -> SortKey:
    kind, metadata = manifest["kind"], manifest["metadata"]
    rank = _RANKS.get(kind, len(_RANKS))
    return (wave, rank, kind), (metadata.get("namespace", ""), metadata["name"])
