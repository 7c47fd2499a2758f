"""Every object of one environment, in the order of delivery: what `render` prints and `out/` holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Generic, TypeVar

from msgspec import Struct

from compiler.kube import yaml
from compiler.model.package import Lowered, Package, config_map
from compiler.model.resource import Manifest, Phase

T = TypeVar("T")


def render(lowered: Lowered, wave: int | None = None) -> str:
    """Every object of one environment (or of one wave) as a stream, in the order of delivery."""
    chosen = manifests(lowered) if wave is None else waves(lowered)[wave]
    return yaml.dump_all(yaml.dump(manifest) for manifest in chosen)


def manifests(lowered: Lowered) -> list[Manifest]:
    """Every object of one environment, config files as ConfigMaps, in the order of delivery."""
    return [manifest for _, some in _delivery(lowered, _itself) for manifest in some]


def waves(lowered: Lowered) -> dict[int, list[Manifest]]:
    """The same, by wave: what is in one may be applied at once, what is in the next must wait."""
    return in_waves(lowered, _itself)


def in_waves(lowered: Lowered, form: Callable[[Manifest], T]) -> dict[int, list[T]]:
    """The same, in another form, such as a text; a model's is asked for once for all environments."""
    found: dict[int, list[T]] = defaultdict(list)
    for wave, some in _delivery(lowered, form):
        found[wave] += some
    return found


def _itself(manifest: Manifest) -> Manifest:
    return manifest


def wave_file(wave: int) -> str:
    """The file of a wave in `out/<environment>/`."""
    return f"{wave:02}-{Phase.of(wave).name.lower()}.yaml"


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
_RANKS = {kind: rank for rank, kind in enumerate(_KINDS)}


Shelf = tuple[int, int, str]  # wave, rank and name of the kind
SortKey = tuple[Shelf, tuple[str, str]]  # with namespace and name


def _delivery(lowered: Lowered, form: Callable[[Manifest], T]) -> Iterator[tuple[int, list[T]]]:
    """Every object by wave and kind; those of a kind lie in order already, but for a few."""
    shelves: dict[Shelf, list[tuple[tuple[str, str], T]]] = defaultdict(list)
    placed = _Placed(form)
    everywhere = [(package, placed(package)) for package in lowered.packages.values()]
    for package, entries in (*everywhere, *lowered.models.each(placed)):
        for (shelf, place), made in entries:
            shelves[shelf].append((place, made))
        for config in package.configs:
            manifest = config_map(config, package, lowered.platform)
            shelf, place = _place(package.wave(config), manifest)
            shelves[shelf].append((place, form(manifest)))
    for shelf, some in sorted(shelves.items()):
        yield shelf[0], [made for _, made in sorted(some, key=itemgetter(0))]


class _Placed(Struct, Generic[T], frozen=True):
    """Finds where each of a package's objects comes in the order."""

    form: Callable[[Manifest], T]

    def __call__(self, package: Package) -> list[tuple[SortKey, T]]:
        return [
            (_place(package.wave(one), one.manifest), self.form(one.manifest))
            for one in package.resources
        ]


def _place(wave: int, manifest: Manifest) -> SortKey:
    kind, metadata = manifest["kind"], manifest["metadata"]
    rank = _RANKS.get(kind, len(_RANKS))
    return (wave, rank, kind), (metadata.get("namespace", ""), metadata["name"])
