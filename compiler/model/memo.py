"""Results that are found once for all environments of a compile.

Most of what environments consist of is the same in all of them, and is then one object: a section of
the spec, an instance, a binding, a manifest. What follows from such objects follows once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


class Memo:
    """Results by the identity of the objects they follow from: no hash, no comparison of values.

    It keeps these objects alive, since the identity of an object is its own only while it lives.
    """

    def __init__(self) -> None:
        self._results: dict[tuple[Hashable, ...], tuple[tuple[object, ...], Any]] = {}

    def __call__(self, function: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
        """The result of a function, which is called once for the same arguments."""
        key = (function, *map(id, arguments))
        entry = self._results.get(key)
        if entry is None:
            entry = self._results[key] = arguments, function(*arguments)
        result: T = entry[1]
        return result

    def once(self, find: Callable[[], T], name: Hashable, *objects: object) -> T:
        """The same for a result that follows from `name`, taken by its value, and some objects."""
        key = (name, *map(id, objects))
        entry = self._results.get(key)
        if entry is None:
            entry = self._results[key] = objects, find()
        result: T = entry[1]
        return result

    def first(self, name: Hashable, *objects: object) -> bool:
        """Whether this is asked of some objects for the first time."""
        known = len(self._results)
        self.once(bool, name, *objects)
        return len(self._results) > known
