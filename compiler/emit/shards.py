"""A platform too large for one kustomization: its tenants in pieces that are roots of their own.

kustomize's cost grows with the square of a root's objects and more. Models leave the root first,
and workloads where the rest alone is too large. A piece holds the tenants whose names' hashes begin
with its bits: one more splits at most one piece, and moves no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256

from msgspec import Struct

from compiler.model.fleet import Fleet
from compiler.model.package import Lowered, Package

MODELS = "models"  # the folder of the models' pieces, and the file in each
WORKLOADS = "workloads"  # the folder of the workloads' pieces
WHOLE = "all"  # the piece's name where there is but one
MOST_MODELS = 60  # in one piece
MOST_OBJECTS = 300  # in one root


class Layout(Struct, frozen=True):
    """The pieces of an environment; `split` where there are too many objects for one root to list
    its models."""

    models: Mapping[str, tuple[Package, ...]]
    workloads: Mapping[str, tuple[Package, ...]]
    split: bool

    def roots(self, folder: str) -> tuple[str, ...]:
        """Every kustomization that has to be applied for the environment, in order."""
        return (
            folder,
            *(f"{folder}/{WORKLOADS}/{piece}" for piece in self.workloads),
            *(f"{folder}/{MODELS}/{piece}" for piece in (self.models if self.split else ())),
        )


def layout(lowered: Lowered) -> Layout:
    packages, models = lowered.packages.values(), lowered.models
    most = MOST_OBJECTS - objects(packages)
    return Layout(sharded(models), workloads(lowered), objects(models.values()) > max(most, 0))


def objects(packages: Iterable[Package]) -> int:
    return sum(len(one.resources) + len(one.configs) for one in packages)


def sharded(models: Fleet) -> Mapping[str, tuple[Package, ...]]:
    """The models by piece: each piece in the order of its names."""
    keyed = [(bits, package) for package, bits in models.each(_bits)]
    keyed.sort(key=lambda one: one[1].name)
    return dict(_pieces(keyed, "", lambda some: len(some) <= MOST_MODELS))


def workloads(lowered: Lowered) -> Mapping[str, tuple[Package, ...]]:
    """The workloads by piece; none where the root has room for them."""
    packages = lowered.packages.values()
    if objects(packages) <= MOST_OBJECTS:
        return {}
    ours = [one for one in packages if one.instance and one.instance.section == "workloads"]
    keyed = [(_bits(one), one) for one in sorted(ours, key=lambda one: one.name)]
    return dict(_pieces(keyed, "", lambda some: objects(one for _, one in some) <= MOST_OBJECTS))


Keyed = list[tuple[str, Package]]


def _pieces(
    keyed: Keyed, prefix: str, fits: Callable[[Keyed], bool]
) -> Iterator[tuple[str, tuple[Package, ...]]]:
    if len(keyed) == 1 or fits(keyed):
        if keyed:
            yield prefix or WHOLE, tuple(package for _, package in keyed)
        return
    place = len(prefix)
    for bit in "01":
        yield from _pieces([one for one in keyed if one[0][place] == bit], prefix + bit, fits)


def _bits(package: Package) -> str:
    """The hash of a tenant's name, as the digits 0 and 1."""
    return f"{int.from_bytes(sha256(package.name.encode()).digest()[:8]):064b}"
