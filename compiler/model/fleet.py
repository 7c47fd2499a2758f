"""The models of an environment, lowered: thousands of packages that are one value.

Environments whose models do not differ have the same fleet, and what has been found out about one
need not be found again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from compiler.model.package import Package

T = TypeVar("T")


class Fleet(Mapping[str, "Package"]):
    """Finished packages by the names of their models. Never changed, and equal only to itself."""

    def __init__(self, packages: Mapping[str, Package]) -> None:
        self._packages = packages
        self._found: dict[Callable[[Fleet], object], object] = {}

    def __getitem__(self, name: str) -> Package:
        return self._packages[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._packages)

    def __len__(self) -> int:
        return len(self._packages)

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def once(self, find: Callable[[Fleet], T]) -> T:
        """What a function finds of these models, found at the first asking."""
        if find not in self._found:
            self._found[find] = find(self)
        return cast(T, self._found[find])
