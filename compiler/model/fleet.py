"""The models of an environment, lowered: thousands of packages, most of which others have too.

A model that environments share is one package in all of their fleets, and what has been found out
about it need not be found again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from compiler.model.package import Package

T = TypeVar("T")
# By what was asked and by a package's id, which is its own only while the package lives.
Facts = dict[Callable[..., Any], dict[int, tuple["Package", Any]]]


class Fleet(Mapping[str, "Package"]):
    """Finished packages by the names of their models, never changed; `facts` is what fleets share."""

    def __init__(self, packages: Mapping[str, Package], facts: Facts | None = None) -> None:
        self._packages = packages
        self._facts: Facts = {} if facts is None else facts

    def __getitem__(self, name: str) -> Package:
        return self._packages[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._packages)

    def __len__(self) -> int:
        return len(self._packages)

    def replaced(self, packages: Mapping[str, Package]) -> Fleet:
        """A fleet in which some models have other packages."""
        return Fleet({**self._packages, **packages}, self._facts)

    def each(self, find: Callable[[Package], T]) -> Iterator[tuple[Package, T]]:
        """Every package with what a function finds of it, found once for all fleets."""
        known = self._facts.setdefault(find, {})
        for package in self._packages.values():
            fact = known.get(id(package))
            if fact is None:
                fact = known[id(package)] = (package, find(package))
            yield fact
