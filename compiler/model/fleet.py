"""Hold the packages of an environment's models: thousands, and other environments share most."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, ValuesView
from typing import TYPE_CHECKING, TypeVar

from compiler.model.memo import Memo

if TYPE_CHECKING:
    from compiler.model.package import Package

T = TypeVar("T")


class Fleet(Mapping[str, "Package"]):
    """Packages by the names of their models; immutable. All fleets of a compile share a memo."""

    def __init__(self, packages: Mapping[str, Package], memo: Memo | None = None) -> None:
        self._packages = packages
        self.memo = memo or Memo()

    def __getitem__(self, name: str) -> Package:
        return self._packages[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._packages)

    def __len__(self) -> int:
        return len(self._packages)

    def values(self) -> ValuesView[Package]:
        return self._packages.values()  # without a look-up for each of thousands

    def replaced(self, packages: Mapping[str, Package]) -> Fleet:
        """A fleet with other packages for some models."""
        return Fleet({**self._packages, **packages}, self.memo)

    def each(self, find: Callable[[Package], T]) -> Iterator[tuple[Package, T]]:
        """Every package with the result of a function, computed once for all fleets."""
        return self.memo.each(find, self._packages.values())
