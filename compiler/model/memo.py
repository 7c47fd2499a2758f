"""Compute results once for all environments of a compile.

Most parts of an environment are the same in all environments, and are then one object: a section of
the spec, an instance, a binding, a manifest. A result that follows from such objects is computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, TypeVar, TypeVarTuple

A = TypeVar("A")
T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


class Memo:
    """Results by the identity of the objects that they follow from, without hashing or comparing
    values.

    It keeps these objects alive, because an object's id is unique only during its lifetime.
    """

    def __init__(self) -> None:
        self._results: dict[tuple[Hashable, ...], tuple[tuple[object, ...], Any]] = {}
        self._by_argument: dict[Callable[..., Any], dict[int, tuple[Any, Any]]] = {}

    def __call__(self, function: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
        """Call a function once for the same arguments, and return its result."""
        key = (function, *map(id, arguments))
        entry = self._results.get(key)
        if entry is None:
            entry = self._results[key] = arguments, function(*arguments)
        result: T = entry[1]
        return result

    def each(self, function: Callable[[A], T], arguments: Iterable[A]) -> Iterator[tuple[A, T]]:
        """Each argument with the result of a function, which is called once for each."""
        results = self._by_argument.setdefault(function, {})
        for argument in arguments:
            entry = results.get(id(argument))
            if entry is None:
                entry = results[id(argument)] = argument, function(argument)
            yield entry

    def once(self, find: Callable[[], T], name: Hashable, *objects: object) -> T:
        """Compute a result once for the same objects (by identity) and the same `name` (by value)."""
        key = (name, *map(id, objects))
        entry = self._results.get(key)
        if entry is None:
            entry = self._results[key] = objects, find()
        result: T = entry[1]
        return result

    def together(
        self, function: Callable[[Sequence[A]], Iterable[T]], arguments: Sequence[A],
        name: Hashable, *objects: object,
    ) -> list[T]:  # fmt: skip
        """The results for many arguments of a function that takes all new ones at once.

        They are the same for the same objects (by identity) and the same `name` (by value).
        """
        results: dict[int, tuple[A, T]] = self.once(dict, name, *objects)
        new = [argument for argument in arguments if id(argument) not in results]
        for argument, result in zip(new, function(new) if new else (), strict=True):
            results[id(argument)] = argument, result
        return [results[id(argument)][1] for argument in arguments]
