"""Split the tenants of a large platform into pieces, each one a kustomize root.

kustomize's time grows at least with the square of a root's number of objects. Models are split off
first, then workloads if the rest is still too large. A piece holds the tenants whose names' hashes
start with its bits: one more tenant splits at most one piece and moves no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from compiler.model.bisection import digits, pieces
from compiler.model.fleet import Fleet
from compiler.model.package import Lowered, Package

MODELS = "models"  # the folder of the models' pieces, and the file in each
WORKLOADS = "workloads"  # the folder of the workloads' pieces
MOST_MODELS = 60  # the most models in one piece
MOST_OBJECTS = 300  # the most objects in one root


class Layout(Struct, frozen=True):
    """The pieces of an environment. `split` is true if one root would have too many objects with
    its models.
    """

    models: Mapping[str, tuple[Package, ...]]
    workloads: Mapping[str, tuple[Package, ...]]
    split: bool

    def roots(self, folder: str) -> tuple[str, ...]:
        """Every kustomization of the environment, in the order in which they must be applied."""
        return (
            folder,
            *(f"{folder}/{WORKLOADS}/{piece}" for piece in self.workloads),
            *(f"{folder}/{MODELS}/{piece}" for piece in (self.models if self.split else ())),
        )


def layout(lowered: Lowered) -> Layout:
    packages, models = lowered.packages.values(), lowered.models
    room = MOST_OBJECTS - objects(packages)
    return Layout(sharded(models), workloads(lowered), objects(models.values()) > max(room, 0))


def objects(packages: Iterable[Package]) -> int:
    return sum(len(package.resources) + len(package.configs) for package in packages)


def sharded(models: Fleet) -> Mapping[str, tuple[Package, ...]]:
    """The models by piece; each piece is sorted by name."""
    keyed = [(bits, package) for package, bits in models.each(_digits)]
    keyed.sort(key=lambda pair: pair[1].name)
    return dict(pieces(keyed, lambda piece: len(piece) <= MOST_MODELS))


def workloads(lowered: Lowered) -> Mapping[str, tuple[Package, ...]]:
    """The workloads by piece; empty if the root has room for them."""
    packages = lowered.packages.values()
    if objects(packages) <= MOST_OBJECTS:
        return {}
    tenants = [
        package
        for package in packages
        if package.instance and package.instance.section == "workloads"
    ]
    keyed = [
        (_digits(package), package) for package in sorted(tenants, key=lambda package: package.name)
    ]
    return dict(pieces(keyed, lambda piece: objects(piece) <= MOST_OBJECTS))


def _digits(package: Package) -> str:
    return digits(package.name)
